import type { Answer } from '../content.ts';
import { errorCodes, type ErrorCode } from '../errors.ts';
import type { Principal } from '../principal.ts';
import type { Effect } from '../connector/tool.ts';

/** One call as it is accounted for. */
export interface Call {
  /** New for each request of a client; the record's id. */
  readonly callId: string;
  readonly principal: Principal;
  readonly connector: string;
  /** The connection's opaque id. */
  readonly connection: string;
  readonly tool: string;
  readonly effect: Effect;
  /** The caller's idempotency key. Absent: the call is new whatever went before. Reads have none. */
  readonly key?: string | undefined;
  /** A hash of the validated arguments: the same key with another hash is IDEMPOTENCY_CONFLICT. Empty without a key. */
  readonly inputHash: string;
  /** How long the answer is kept for replay, in milliseconds. Absent: for as long as the metering keeps answers. */
  readonly keepMs?: number | undefined;
  /** What it takes of quotas in units, and is priced by: 1 unless the tool says otherwise. A whole number, 0 or more. */
  readonly units: number;
  /** The caller's network address, where the transport knows it. */
  readonly address?: string | undefined;
  /** The arguments as they came. They may hold secrets: seal them where they are kept. */
  readonly arguments: unknown;
  /**
   * For an audit: the arguments as JSON, without what their schema or the connection's settings mark as secret. Where that is longer
   * than 2,000 characters, their beginning as a JSON string. Made when it is asked for.
   */
  auditInput(): string;
  /** When the call began, in the host clock's time. */
  readonly startedAt: number;
}

/** A call that may run. What else a metering needs to know of it rides along. */
export interface Admission {
  readonly call: Call;
}

/** How an admitted call ended. */
export interface Outcome {
  /** `accepted`: queued, a job reports later. `asked`: the caller was asked something and will call again. */
  readonly status: 'executed' | 'cached' | 'accepted' | 'asked' | 'failed' | 'unknown';
  readonly answer: Answer;
  /** The code of the error that the answer tells of. Absent where it tells of none. */
  readonly code?: ErrorCode | undefined;
  readonly upstreamRequests: number;
  /** Whether the vendor may have changed. Kept by core, not by the plugin; only `no` may release the claim and refund. */
  readonly wrote: 'no' | 'yes' | 'unknown';
  /** When the call ended, in the host clock's time. */
  readonly endedAt: number;
  /** The `accepted` id that a job will report under. */
  readonly accepted?: string | undefined;
}

/**
 * Whether a call that ended like this is paid for: its quota is committed and it has its price. Else it is refunded: what only asked the
 * caller something, and what failed without a write by a fault of this server's or the vendor's (see {@link errorCodes}).
 */
export function isCharged({ status, wrote, code }: Pick<Outcome, 'status' | 'wrote' | 'code'>): boolean {
  if (wrote !== 'no') return true;
  return status !== 'asked' && !(status === 'failed' && (code === undefined || errorCodes[code].refunded));
}

/** What a job says of an accepted call. */
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
   * Aborts when the call is cancelled or runs out of time. It is created when it is first read, which costs as much as a short call: read
   * it only when you wait, and do not destructure it.
   */
  readonly signal: AbortSignal;
}

/** What accounts for each call. `createHost` uses {@link memoryMetering} unless it is given another. */
export interface Metering {
  /**
   * Claims the idempotency key, reserves quota and records the intent, in one durable write. Waits, until `signal`, for a running
   * call with the same key, then replays its answer. A refusal throws {@link ToolError} (QUOTA_EXCEEDED, IDEMPOTENCY_CONFLICT,
   * UNAVAILABLE) and leaves no claim. A replay is recorded here. OUTCOME_UNKNOWN where an earlier call under the key may have
   * written and its answer was not kept.
   */
  admit(
    call: Call,
    options: AdmitOptions,
  ): Promise<{ readonly kind: 'run'; readonly admission: Admission } | { readonly kind: 'replay'; readonly answer: Answer }>;
  /**
   * Ends an admitted call: outcome, answer kept for replay, quota committed or refunded, in one durable write. Called once for each
   * admission. Where it throws, the caller hears OUTCOME_UNKNOWN after a write and UNAVAILABLE otherwise; never success.
   */
  settle(admission: Admission, outcome: Outcome): Promise<void>;
  /**
   * Admits a call and ends it, in one durable write: what {@link admit} and {@link settle} come to for a call without a key. Refuses as
   * `admit` does, and then nothing is recorded and the caller hears nothing but the refusal. Called with reads that never went out to their
   * vendor, when they have run: what has changed nothing outside needs no record of an intent.
   */
  record(call: Call, outcome: Outcome): Promise<void>;
  /** The second record of an accepted call. */
  report(report: DeliveryReport): Promise<void>;
}
