import type { HandlerAnswer, SimulatorAnswer } from './simulator-wire.ts';
import { VendorError } from './vendor-error.ts';

/** Runs a handler and completes its answer, whether returned or thrown. The answer's own headers override the common headers. */
export async function runHandler<Request>(
  handler: (request: Request) => HandlerAnswer | Promise<HandlerAnswer>,
  request: Request,
  commonHeaders: ((request: Request) => Readonly<Record<string, string>>) | undefined,
): Promise<SimulatorAnswer> {
  let answer: HandlerAnswer;
  try {
    answer = await handler(request);
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    answer = error;
  }
  const { status = 200, headers, body } = answer;
  return { status, headers: { ...commonHeaders?.(request), ...headers }, body };
}
