import type { Answer } from '../content.ts';
import { ToolError, type ErrorCode } from '../errors.ts';

// Failures of the vendor or of this server that pass. Not among them: what a newer answer would have to say (NOT_FOUND, FORBIDDEN), what
// someone must mend, and a caller that has gone.
const passing: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_UNAVAILABLE',
  'CIRCUIT_OPEN',
  'RATE_LIMITED',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
]);

/** Whether a read failed for a reason of the vendor's or of this server's that passes, so that an older answer is better than none. */
export function passes(error: unknown): error is ToolError {
  return ToolError.is(error) && passing.has(error.code);
}

/** An older answer that says that it is one, in its text and in `meta['busbar/stale']`. */
export function staleAnswer({ content, meta, ...rest }: Answer, ageMs: number, { code }: ToolError): Answer {
  const text = `Warning: This answer is ${Math.ceil(ageMs / 1_000)} s old. A newer one could not be had (${code}), so things may have changed since.`;
  return { ...rest, content: [...content, { type: 'text', text }], meta: { ...meta, 'busbar/stale': { ageMs, code } } };
}
