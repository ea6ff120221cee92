import type { z } from 'zod';
import type { Logger } from '../logger.ts';
import type { Principal } from '../principal.ts';

/**
 * The context of work for one connection: a call, a job or a health check. It is the last argument of every function that can wait, so that
 * no one can forget cancellation and deadlines. It does not contain the connector's client, whose methods take it as an argument.
 */
export interface Context {
  /** The connection's opaque id. */
  readonly connection: string;
  /** Aborts when the caller cancels, the deadline passes or the host drains. */
  readonly signal: AbortSignal;
  /** When the work must end, in the host clock's time (milliseconds since the epoch). */
  readonly deadlineAt: number;
  /** Adds the call's ids to every line and redacts the connection's secrets. */
  readonly log: Logger;
  /**
   * Returns an idempotency key for the vendor. The key is the same for every attempt of this call, and for every repetition with the
   * caller's idempotency key. Each `part` has a different key. Use one part for each write of a call. In a job, the key is new for each
   * run. If a key must outlive a run, create it in the call and store it. A key has at most 36 characters of `[a-z0-9-]`.
   */
  key(part: string): string;
  /**
   * Adds a warning to the result or error that the model sees; in a job, to the log. Keeps 20 warnings per call, of at most 500 characters
   * each.
   */
  warn(message: string): void;
}

/** The context of one `tools/call`. */
export interface CallContext extends Context {
  /** New for each client request. For records and logs; for the vendor, use {@link Context.key}. */
  readonly callId: string;
  readonly principal: Principal;
  readonly cursor: Cursor;
  /** Reports progress to a client that asked for it. `done` must grow with each report; other values are dropped. */
  progress(done: number, total?: number, message?: string): void;
  /**
   * Asks the person behind the client. This may end the run. `run` then starts again from the beginning and `ask` returns the answer, so
   * ask before the first write. `answer` is a flat object of primitives, as MCP elicitation requires.
   *
   * @throws {ToolError} `ASK_UNSUPPORTED` if the client cannot ask, `CANCELLED` if the person declined, `INTERNAL` after a write.
   */
  ask<S extends z.ZodObject>(message: string, answer: S): Promise<z.output<S>>;
}

/**
 * Seals and opens the page tokens that a model passes from one call to the next. Tokens are signed and bound to a tenant, a tool and a
 * connection.
 */
export interface Cursor {
  /** Seals a JSON position into an opaque string. */
  write(position: unknown): string;
  /**
   * Opens a string from `write`. @throws {ToolError} `INVALID_INPUT` for tokens of another tenant, tool or connection, and for forged
   * tokens. With `given`, also if an input in it is not undefined and differs from the position's value of that name: it would have no
   * effect, because the cursor continues another list.
   */
  read<S extends z.ZodType>(cursor: string, position: S, given?: Readonly<Record<string, unknown>>): z.output<S>;
}

/** The context of one run of a job. It belongs to no call and no caller. */
export interface JobContext extends Context {
  /** Reports how an accepted call ended. `id` is the `accepted` id of the call's result. */
  report(id: string, outcome: 'delivered' | 'refused', message?: string): void;
}
