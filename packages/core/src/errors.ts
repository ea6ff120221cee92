/**
 * All error codes that a caller can receive, each with the caller's next step. A test compares `docs/errors.md` with this table.
 *
 * `retry` is `yes` if the same call may succeed later, `no` if something has to change first, and `look` if the caller has to find out what
 * happened before it repeats anything. If `refunded` is true, a call that wrote nothing and failed with this code is free, because this
 * server or the vendor was at fault.
 */
export const errorCodes = {
  INVALID_INPUT: { retry: 'no', refunded: false, meaning: 'The arguments break the tool’s schema or rules. Correct them and call again.' },
  TOOL_NOT_FOUND: { retry: 'no', refunded: false, meaning: 'No tool of that name exists for this caller. List the tools.' },
  CONNECTION_NOT_FOUND: {
    retry: 'no',
    refunded: false,
    meaning: 'The tenant has no such connection, or none at all, for this connector. Use a listed name or have one set up.',
  },
  CONNECTION_INVALID: {
    retry: 'no',
    refunded: false,
    meaning: 'The connection’s settings are incomplete or wrong. Someone must correct them.',
  },
  UNAUTHENTICATED: {
    retry: 'no',
    refunded: false,
    meaning: 'The caller’s key, or the connection’s credential at the vendor, was refused. A person must replace it.',
  },
  FORBIDDEN: {
    retry: 'no',
    refunded: false,
    meaning: 'The caller, or the connection’s account at the vendor, lacks the permission. A person must grant it.',
  },
  NOT_FOUND: { retry: 'no', refunded: false, meaning: 'The vendor has no such record, or hides it from this account. Search for it.' },
  CONFLICT: { retry: 'no', refunded: false, meaning: 'The record changed or exists already. Read it again before you decide.' },
  RATE_LIMITED: { retry: 'yes', refunded: true, meaning: 'A limit of this server or of the vendor was reached. Wait for the stated time.' },
  QUOTA_EXCEEDED: {
    retry: 'no',
    refunded: false,
    meaning: 'The tenant’s allowance for the period is used up. Wait for the next period or have it raised.',
  },
  IDEMPOTENCY_CONFLICT: {
    retry: 'no',
    refunded: false,
    meaning: 'The idempotency key was used before with other arguments. Use a new key for a new call.',
  },
  UPSTREAM_REJECTED: {
    retry: 'no',
    refunded: false,
    meaning: 'The vendor refused the request as wrong; nothing was written. Its reason is in the message.',
  },
  UPSTREAM_UNAVAILABLE: {
    retry: 'yes',
    refunded: true,
    meaning: 'The vendor failed, timed out or could not be reached, after the retries that are safe. Try again later.',
  },
  UPSTREAM_INVALID: {
    retry: 'no',
    refunded: true,
    meaning: 'The vendor’s answer does not match its API’s documentation. An operator should look at the log.',
  },
  CIRCUIT_OPEN: {
    retry: 'yes',
    refunded: true,
    meaning: 'The vendor failed several times in a row on this connection, so this server sends it nothing for the stated time.',
  },
  OVERLOADED: {
    retry: 'yes',
    refunded: true,
    meaning: 'Too many requests are already running in this server or waiting for this connection. Try again in a moment.',
  },
  DEADLINE_EXCEEDED: {
    retry: 'yes',
    refunded: true,
    meaning: 'The call ran out of time before an answer came. Nothing was written, unless the message says so.',
  },
  CANCELLED: {
    retry: 'yes',
    refunded: false,
    meaning: 'The caller ended the call, or a person declined. Nothing was written, unless the message says so.',
  },
  OUTCOME_UNKNOWN: {
    retry: 'look',
    refunded: false,
    meaning: 'A write was sent and its answer was lost: it may or may not have happened. Check before repeating it.',
  },
  RESULT_TOO_LARGE: {
    retry: 'no',
    refunded: false,
    meaning: 'The answer is larger than may be returned. Ask for less: a filter, fewer fields, a page.',
  },
  STATE_FULL: {
    retry: 'yes',
    refunded: true,
    meaning: 'The connection’s bounded store is full. It empties as its job delivers the entries.',
  },
  ASK_UNSUPPORTED: {
    retry: 'no',
    refunded: false,
    meaning: 'The tool needs an answer from a person, and this client cannot ask one. Give the value as an argument.',
  },
  UNAVAILABLE: {
    retry: 'yes',
    refunded: true,
    meaning: 'This server cannot take the call now: it is shutting down, or its store is unreachable. Try again shortly.',
  },
  INTERNAL: {
    retry: 'no',
    refunded: true,
    meaning: 'A fault in this server or a connector. An operator finds it in the log by the id in the message.',
  },
} as const satisfies Record<string, { readonly retry: 'yes' | 'no' | 'look'; readonly refunded: boolean; readonly meaning: string }>;

/** A documented error code: a key of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

const brand = Symbol.for('busbar.ToolError');

/** Optional details of a {@link ToolError}. */
export interface ToolErrorOptions {
  /** For the log only. Never sent to the caller. */
  readonly cause?: unknown;
  /** Milliseconds from now until a retry makes sense. Sent to the caller. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * The only error that reaches a caller unchanged. Write its message for the model: what happened, then what to do next, without secrets,
 * stacks or internals. Every other error is masked as `INTERNAL` with an id.
 */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Recognizes ToolErrors from any copy of this package, because a plugin may ship its own copy. */
  static is(value: unknown): value is ToolError {
    return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
  }
}
