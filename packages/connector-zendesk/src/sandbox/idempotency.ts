import type { Clock } from '@busbar/core';
import { limits } from './limits.ts';
import { badRequest, Refusal } from './refusal.ts';

const keptMs = limits.idempotencyHours.most * 3_600_000;
const maxKeys = 1_000;

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Zendesk's idempotency keys: the first answer to a key is the answer to all that follow within two hours. */
export function createIdempotency(clock: Clock) {
  const kept = new Map<string, { readonly rawBody: string; readonly answer: Answer; readonly endsAt: number }>();

  return {
    /** @throws {Refusal} 400 for a key that came with another body. */
    once(key: string | undefined, rawBody: string, write: () => Answer): Answer {
      if (key === undefined) return write();
      if (key.length > limits.idempotencyKey.most)
        throw badRequest(`Idempotency-Key is longer than ${limits.idempotencyKey.most} characters`);
      const known = kept.get(key);
      if (known && known.endsAt > clock.now()) {
        if (known.rawBody === rawBody) return marked(known.answer, 'hit');
        throw new Refusal(400, {
          error: 'IdempotentRequestError',
          description: 'The request does not match the one that this idempotency key was used for.',
        });
      }
      const answer = write();
      kept.delete(key);
      kept.set(key, { rawBody, answer, endsAt: clock.now() + keptMs });
      const [oldest] = kept.keys();
      if (kept.size > maxKeys && oldest !== undefined) kept.delete(oldest);
      return marked(answer, 'miss');
    },
  };
}

const marked = (answer: Answer, lookup: 'hit' | 'miss'): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'x-idempotency-lookup': lookup },
});
