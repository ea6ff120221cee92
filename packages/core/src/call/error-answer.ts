import { textStart } from '../connector/truncate.ts';
import type { Answer } from '../content.ts';
import { ToolError } from '../errors.ts';
import type { Redactor } from '../lib/redactor.ts';
import type { Logger } from '../logger.ts';

/**
 * Returns the error that the caller gets. A {@link ToolError} stays unchanged. Any other error becomes INTERNAL with the call's id, and the
 * original error is logged under that id. All masking of a call's errors happens here.
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

/** Redacts the message, because a plugin may quote the vendor in it, and a vendor may echo a credential. */
export function redactError(error: ToolError, redactor: Redactor): ToolError {
  return redactor.finds(error.message)
    ? new ToolError(error.code, redactor.text(error.message), { retryAfterMs: error.retryAfterMs })
    : error;
}

/** Returns an error as a model reads it: the code, what happened and what to do next, then the notes. */
export function errorAnswer(error: ToolError, callId: string, notes: readonly string[] = []): Answer {
  const { code, message, retryAfterMs } = error;
  return {
    content: [`${code}: ${message}`, ...notes].map((text) => ({ type: 'text', text: text.toWellFormed() })),
    isError: true,
    meta: { 'busbar/error': { code, callId, ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }) } },
  };
}

/** Describes a thrown value that is no error. Of an object it names only what an error has too, because other fields may be secret. */
function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return textStart(String(value), 500);
  const { code, message } = value as { readonly code?: unknown; readonly message?: unknown };
  const told = [code, message].filter((part) => typeof part === 'string' || typeof part === 'number');
  return textStart(told.length > 0 ? told.join(': ') : `an object with the keys ${Object.keys(value).join(', ')}`, 500);
}
