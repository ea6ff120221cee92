import type { z } from 'zod';
import type { Logger } from '../logger.ts';
import type { Principal } from '../principal.ts';

/**
 * What all work for one connection carries: a call, a job, a health check. It is the last argument of every function that can wait, so that
 * cancellation and deadlines cannot be forgotten. It does not know the connector's client; client methods take it.
 */
export interface Context {
  /** The connection's opaque id. */
  readonly connection: string;
  /** Aborts when the caller cancels, the deadline passes or the host drains. */
  readonly signal: AbortSignal;
  /** When the work must be done, in the host clock's time (milliseconds since the epoch). */
  readonly deadlineAt: number;
  /** Carries the call's ids; the connection's secrets are redacted from every line. */
  readonly log: Logger;
  /**
   * An idempotency key for the vendor: the same on every attempt of this call and on every repetition under the caller's own
   * idempotency key, different for each `part`. Give two writes of one call two parts. In a job it is new for each run: make a key that has to
   * outlive one in the call, and store it. At most 36 characters of `[a-z0-9-]`.
   */
  key(part: string): string;
  /** Shown to the model beside the result or the error; in a job, logged. At most 20 a call are kept, 500 characters each. */
  warn(message: string): void;
}

/** The context of one `tools/call`. */
export interface CallContext extends Context {
  /** New for each request of a client. For records and logs, never for the vendor: use {@link Context.key} there. */
  readonly callId: string;
  readonly principal: Principal;
  readonly cursor: Cursor;
  /** Tells a client that asked for it how far the work is. `done` must grow from call to call; what does not is dropped. */
  progress(done: number, total?: number, message?: string): void;
  /**
   * Asks the person behind the client. May end this run: `run` then starts again from the top and `ask` returns the answer, so ask
   * before the first write. `answer` is a flat object of primitives, as MCP elicitation demands.
   *
   * @throws {ToolError} `ASK_UNSUPPORTED` where the client cannot ask, `CANCELLED` where the person declined, `INTERNAL` after a write.
   */
  ask<S extends z.ZodObject>(message: string, answer: S): Promise<z.output<S>>;
}

/** Page tokens that a model carries from one call to the next. Signed, and bound to tenant, tool and connection. */
export interface Cursor {
  /** Seals a JSON position into an opaque string. */
  write(position: unknown): string;
  /** @throws {ToolError} `INVALID_INPUT` for a token of another tenant, tool or connection, and for anything made up. */
  read<S extends z.ZodType>(cursor: string, position: S): z.output<S>;
}

/** The context of a job's run. It belongs to no call and no caller. */
export interface JobContext extends Context {
  /** Says what became of an accepted call: the `accepted` id of its result, and how it ended. */
  report(id: string, outcome: 'delivered' | 'refused', message?: string): void;
}
