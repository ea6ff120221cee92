import { ToolError } from '@busbar/core';

/** The refusal of a call or an event that the database cannot record now. If the cause is a ToolError, it is returned unchanged. */
export const unavailable = (cause?: unknown): ToolError =>
  ToolError.is(cause)
    ? cause
    : new ToolError('UNAVAILABLE', 'This server cannot record calls at the moment. Try again in a few seconds.', {
        cause,
        retryAfterMs: 5_000,
      });

/** Awaits a database operation. @throws {ToolError} UNAVAILABLE if it fails. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unavailable(error);
  }
}
