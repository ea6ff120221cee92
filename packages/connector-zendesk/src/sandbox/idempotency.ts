import type { Clock } from '@busbar/core';
import { VendorError, type HandlerAnswer } from '@busbar/core/testing';
import { limits } from './limits.ts';
import { badRequest } from './refusal.ts';

const retentionMs = limits.idempotencyHours.most * 3_600_000;
const maxKeys = 1_000;

/** Zendesk's idempotency keys: for two hours, every request with a known key gets the answer to the first request. */
export function createIdempotency(clock: Clock) {
  const kept = new Map<string, { readonly rawBody: string; readonly answer: HandlerAnswer; readonly endsAt: number }>();

  return {
    /**
     * Runs `write` for a new key, and returns the stored answer for a known key. @throws {VendorError} 400 for a known key with a different
     * body.
     */
    once(key: string | undefined, rawBody: string, write: () => HandlerAnswer): HandlerAnswer {
      if (key === undefined) return write();
      if (key.length > limits.idempotencyKey.most)
        throw badRequest(`Idempotency-Key is longer than ${limits.idempotencyKey.most} characters`);
      const known = kept.get(key);
      if (known && known.endsAt > clock.now()) {
        if (known.rawBody === rawBody) return withLookup(known.answer, 'hit');
        throw new VendorError(400, {
          error: 'IdempotentRequestError',
          description: 'The request does not match the earlier request with this idempotency key.',
        });
      }
      const answer = write();
      kept.delete(key);
      kept.set(key, { rawBody, answer, endsAt: clock.now() + retentionMs });
      const [oldest] = kept.keys();
      if (kept.size > maxKeys && oldest !== undefined) kept.delete(oldest);
      return withLookup(answer, 'miss');
    },
  };
}

const withLookup = (answer: HandlerAnswer, lookup: 'hit' | 'miss'): HandlerAnswer => ({
  ...answer,
  headers: { ...answer.headers, 'x-idempotency-lookup': lookup },
});
