import type { ErrorCode } from '../errors.ts';
import type { BreakerState } from './resilience.ts';
import type { Effect } from '../connector/tool.ts';

/** Receives the host's events, for metrics and traces. All fields except ids are bounded, so never use an id as a label. */
export interface Observer {
  /** Called when a call has ended. Replays and refusals count as calls too. */
  call?(event: CallEvent): void;
  /** Called when an upstream attempt has ended, the next attempt waits, or a breaker has changed its state. */
  upstream?(event: UpstreamEvent): void;
  /** Called when a request was refused before it became a call. */
  refused?(event: RefusalEvent): void;
}

/** A call that ended: its caller, its tool, how it ended, and what it cost in time and upstream requests. */
export interface CallEvent {
  readonly callId: string;
  readonly tenant: string;
  readonly connector: string;
  readonly tool: string;
  readonly effect: Effect;
  readonly status: 'executed' | 'cached' | 'replayed' | 'accepted' | 'asked' | 'failed' | 'unknown' | 'refused';
  /** Absent if the call succeeded. */
  readonly code?: ErrorCode | undefined;
  readonly durationMs: number;
  readonly upstreamRequests: number;
  /**
   * Whether the call had an idempotency key, either from the client or derived by the host. Of the calls with a key, a replay is a hit, and
   * a call that ran is a miss.
   */
  readonly keyed: boolean;
  /** In the host clock's time. */
  readonly startedAt: number;
  /** The caller's W3C trace context, unverified. */
  readonly traceparent?: string | undefined;
  /** The first 100 upstream attempts, in the order in which they ended. */
  readonly attempts: readonly UpstreamAttempt[];
}

/** One attempt to reach a vendor. A guard may have stopped it before it was sent. */
export interface UpstreamAttempt {
  /** Method and path template: `POST /api/v2/tickets/{id}`. */
  readonly operation: string;
  /** Starts at 1 for each request of a tool. */
  readonly attempt: number;
  /** Absent if it succeeded. */
  readonly code?: ErrorCode | undefined;
  /** The origin that the attempt was sent to, and the HTTP status of the response, if any. Absent if the attempt was not sent. */
  readonly sent?: { readonly origin: string; readonly status?: number | undefined } | undefined;
  /** In the host clock's time. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** An upstream attempt, a wait before the next attempt, or a change of a circuit breaker. */
export type UpstreamEvent =
  | {
      readonly kind: 'attempt';
      readonly connector: string;
      readonly connection: string;
      readonly operation: string;
      readonly code?: ErrorCode | undefined;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'wait';
      readonly connector: string;
      readonly connection: string;
      readonly operation: string;
      readonly reason: 'backoff' | 'retry-after' | 'budget';
      readonly durationMs: number;
    }
  | { readonly kind: 'breaker'; readonly connector: string; readonly connection: string; readonly state: BreakerState };

/**
 * A request that was refused before it became a call, and the reason. `overload`: the process was full. `share`: the caller's key or tenant
 * had taken its share of the process.
 */
export interface RefusalEvent {
  readonly reason: 'rate-limit' | 'unauthenticated' | 'origin' | 'host' | 'body' | 'draining' | 'overload' | 'share';
}

/** Combines several observers. An observer that throws affects neither the others nor the call. */
export function observers(list: readonly Observer[]): Observer {
  if (list.length === 0) return {};
  const each =
    <E>(pick: (observer: Observer) => ((event: E) => void) | undefined) =>
    (event: E): void => {
      for (const observer of list) {
        try {
          pick(observer)?.call(observer, event);
        } catch {
          // A failing observer must not change the call.
        }
      }
    };
  return { call: each((o) => o.call), upstream: each((o) => o.upstream), refused: each((o) => o.refused) };
}
