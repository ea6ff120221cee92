import type { Answer } from '../content.ts';
import { ToolError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Redactor } from '../lib/redactor.ts';

/**
 * The one place where an error becomes an answer. A {@link ToolError} is shown as it is; anything else is masked, and logged under the
 * id that the caller gets.
 */
export function maskError(error: unknown, callId: string, log: Logger): ToolError {
  if (ToolError.is(error)) {
    if (error.cause !== undefined) log.debug({ callId, code: error.code, err: error.cause }, 'cause of a tool error');
    return error;
  }
  log.error({ callId, err: error instanceof Error ? error : new Error(`thrown: ${describe(error)}`) }, 'a call failed inside this server');
  return new ToolError(
    'INTERNAL',
    `Something failed inside this server. Do not repeat the call unchanged; give an operator this id: ${callId}.`,
    { cause: error },
  );
}

/** A plugin may have put a vendor's words into its message, and a vendor may echo a credential. */
export function redactError(error: ToolError, redactor: Redactor): ToolError {
  return redactor.finds(error.message)
    ? new ToolError(error.code, redactor.text(error.message), { retryAfterMs: error.retryAfterMs })
    : error;
}

/** An error as a model reads it: the code, what happened and what to do next, and what was warned of on the way. */
export function errorAnswer(error: ToolError, callId: string, notes: readonly string[] = []): Answer {
  const { code, message, retryAfterMs } = error;
  return {
    content: [{ type: 'text', text: `${code}: ${message}` }, ...notes.map((text) => ({ type: 'text', text }) as const)],
    isError: true,
    meta: { 'busbar/error': { code, callId, ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }) } },
  };
}

function describe(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 500) : Object.prototype.toString.call(value);
}
