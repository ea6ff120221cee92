import type { Answer } from '../content.ts';
import type { Middleware, MiddlewareCall } from '../middleware.ts';

/** Runs the steps nested inside one another: the first is the outermost, and `last` runs inside all of them. */
export function compose(steps: readonly Middleware[], call: MiddlewareCall, last: () => Promise<Answer>): Promise<Answer> {
  const run = (index: number): Promise<Answer> => {
    const step = steps[index];
    return step ? step(call, () => run(index + 1)) : last();
  };
  return run(0);
}
