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

const lost = new WeakSet<object>();

/** Marks an error of a connection that cannot be opened or was lost, for {@link databaseRefusal}. Returns the error. */
export function markLost(error: unknown): unknown {
  if (error instanceof Error) lost.add(error);
  return error;
}

/** pg's words for a wait for a connection of a full pool. The error has no code. */
const poolIsFull = 'timeout exceeded when trying to connect';
const cutOff = '57014';
// PostgreSQL's classes: no connection, conflicts of transactions, no resources, a lock that is taken, a server that stops or starts.
const temporary = /^(?:08|40|53)[0-9A-Z]{3}$|^55P03$|^57P0\d$/;

/**
 * The refusal of a request whose statement failed for a reason that lies with neither the request nor this program: the database is
 * unreachable or overloaded, or it cut the statement off because it took too long. Undefined for all other errors.
 */
export function databaseRefusal(error: unknown): ToolError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (code === cutOff)
    return new ToolError('UNAVAILABLE', 'The database cut this request off because it took too long. Narrow its range, then try again.', {
      cause: error,
      retryAfterMs: 5_000,
    });
  if (lost.has(error) && error.message === poolIsFull)
    return new ToolError('OVERLOADED', 'This server is busy: its database connections are in use. Try again in a few seconds.', {
      cause: error,
      retryAfterMs: 5_000,
    });
  return lost.has(error) || temporary.test(code)
    ? new ToolError('UNAVAILABLE', 'The database cannot be reached at the moment. Try again in a few seconds.', {
        cause: error,
        retryAfterMs: 5_000,
      })
    : undefined;
}
