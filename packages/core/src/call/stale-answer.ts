import type { Answer } from '../content.ts';
import { ToolError, type ErrorCode } from '../errors.ts';

// Failures of the vendor or of this server that pass by themselves. The set leaves out facts that a newer answer would report (NOT_FOUND,
// FORBIDDEN), faults that a person must fix, and cancelled calls.
const passing: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_UNAVAILABLE',
  'CIRCUIT_OPEN',
  'RATE_LIMITED',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
]);

/** Whether a read failed because of a temporary failure of the vendor or of this server, so that an older answer is better than none. */
export function passes(error: unknown): error is ToolError {
  return ToolError.is(error) && passing.has(error.code);
}

/** Returns an older answer with its age in a warning and in `meta['busbar/stale']`. */
export function staleAnswer({ content, meta, ...rest }: Answer, ageMs: number, { code }: ToolError): Answer {
  const text = `Warning: This answer is ${Math.ceil(ageMs / 1_000)} s old. A newer answer was not available (${code}), so the data may have changed since.`;
  return { ...rest, content: [...content, { type: 'text', text }], meta: { ...meta, 'busbar/stale': { ageMs, code } } };
}
