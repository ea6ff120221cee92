import type { Answer } from '../content.ts';
import { errorCodes, type ErrorCode } from '../errors.ts';
import type { Principal } from '../principal.ts';
import type { Effect } from '../connector/tool.ts';

/** One call, as metering accounts for it. */
export interface Call {
  /** The id of the record, new for each client request. */
  readonly callId: string;
  readonly principal: Principal;
  readonly connector: string;
  /** The connection's opaque id. */
  readonly connection: string;
  readonly tool: string;
  readonly effect: Effect;
  /** The caller's idempotency key. Absent: each call counts as new. Reads have no key. */
  readonly key?: string | undefined;
  /** A hash of the validated arguments. The same key with another hash is refused with IDEMPOTENCY_CONFLICT. Empty without a key. */
  readonly inputHash: string;
  /** How long the answer is kept for replays, in milliseconds. Absent: the default of the `Metering` in use. */
  readonly keepMs?: number | undefined;
  /** The units that count against quotas and determine the price. 1 unless the tool counts units itself. A whole number, 0 or more. */
  readonly units: number;
  /** The caller's network address, if the transport knows it. */
  readonly address?: string | undefined;
  /** The raw arguments. They may hold secrets: seal them before storing them. */
  readonly arguments: unknown;
  /**
   * Returns the arguments as JSON for an audit, without values that their schema or the connection's settings mark as secret. If that JSON
   * is longer than 2,000 characters, returns its beginning as a JSON string. Computes the text each time.
   */
  auditInput(): string;
  /** When the call began, in the host clock's time. */
  readonly startedAt: number;
}

/** A call that may run. An implementation of {@link Metering} may add its own fields. */
export interface Admission {
  readonly call: Call;
}

/** How an admitted call ended. */
export interface Outcome {
  /** `accepted`: the work is queued, and a job reports on it later. `asked`: the caller has to answer a question and call again. */
  readonly status: 'executed' | 'cached' | 'accepted' | 'asked' | 'failed' | 'unknown';
  readonly answer: Answer;
  /** The code of the answer's error. Absent if there was no error. */
  readonly code?: ErrorCode | undefined;
  readonly upstreamRequests: number;
  /**
   * Whether the vendor's data may have changed. Core tracks this; the plugin does not. {@link Metering} may release the claim and refund
   * the call only if the value is `no`.
   */
  readonly wrote: 'no' | 'yes' | 'unknown';
  /** When the call ended, in the host clock's time. */
  readonly endedAt: number;
  /** The `accepted` id under which a job will report. */
  readonly accepted?: string | undefined;
}

/**
 * Whether a call with this outcome is charged. A charged call uses up quota and has a price. Every other call is refunded. A call is
 * refunded if it only asked the caller a question. It is also refunded if it wrote nothing and failed because of this server or the vendor
 * (see {@link errorCodes}).
 */
export function isCharged({ status, wrote, code }: Pick<Outcome, 'status' | 'wrote' | 'code'>): boolean {
  if (wrote !== 'no') return true;
  return status !== 'asked' && !(status === 'failed' && (code === undefined || errorCodes[code].refunded));
}

/** A job's report on an accepted call. */
export interface DeliveryReport {
  readonly connector: string;
  readonly connection: string;
  readonly accepted: string;
  readonly outcome: 'delivered' | 'refused';
  readonly message?: string | undefined;
}

/** How long an admission may wait. */
export interface AdmitOptions {
  /**
   * Aborts when the call is cancelled or runs out of time. The first read of this property creates the signal, which costs as much as a
   * short call. Read it only when you wait, and do not destructure it.
   */
  readonly signal: AbortSignal;
}

/** Accounts for each call. `createHost` uses {@link memoryMetering} by default. */
export interface Metering {
  /**
   * Claims the idempotency key, reserves quota and records the intent, in one durable write. Waits, until `signal`, for a running call with
   * the same key, then replays its answer. A refusal throws {@link ToolError} (QUOTA_EXCEEDED, IDEMPOTENCY_CONFLICT, UNAVAILABLE) and
   * leaves no claim. Also records replays. Throws OUTCOME_UNKNOWN if an earlier call with the key may have written and its answer was not
   * kept.
   */
  admit(
    call: Call,
    options: AdmitOptions,
  ): Promise<{ readonly kind: 'run'; readonly admission: Admission } | { readonly kind: 'replay'; readonly answer: Answer }>;
  /**
   * Ends an admitted call in one durable write: stores the outcome, keeps the answer for replays, and commits or refunds the quota. Called
   * once per admission. If it throws, the caller receives OUTCOME_UNKNOWN after a write and UNAVAILABLE otherwise, but never success.
   */
  settle(admission: Admission, outcome: Outcome): Promise<void>;
  /**
   * Admits and ends a call in one durable write: {@link admit} and {@link settle} together, for a call without a key. Refuses calls as
   * `admit` does. A refused call leaves no record, and the caller receives only the refusal. Used after reads that sent nothing to their
   * vendor, because a call without an external effect needs no record of its intent.
   */
  record(call: Call, outcome: Outcome): Promise<void>;
  /** Records a job's report as the second record of an accepted call. */
  report(report: DeliveryReport): Promise<void>;
}
