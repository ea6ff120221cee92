import type { ErrorCode } from '../errors.ts';
import type { BreakerState } from './resilience.ts';
import type { Effect } from '../connector/tool.ts';

/** What the host did, for metrics and traces. Everything here is bounded but the ids, which are no labels. */
export interface Observer {
  /** A call ended, replays and refusals included. */
  call?(event: CallEvent): void;
  /** An attempt to reach a vendor ended, the next one waits, or a breaker changed. */
  upstream?(event: UpstreamEvent): void;
  /** A request was turned away before it became a call. */
  refused?(event: RefusalEvent): void;
}

export interface CallEvent {
  readonly callId: string;
  readonly tenant: string;
  readonly connector: string;
  readonly tool: string;
  readonly effect: Effect;
  readonly status: 'executed' | 'cached' | 'replayed' | 'accepted' | 'asked' | 'failed' | 'unknown' | 'refused';
  /** Absent where the call succeeded. */
  readonly code?: ErrorCode | undefined;
  readonly durationMs: number;
  readonly upstreamRequests: number;
  /** Whether it came, or was given, an idempotency key: a replay is then a hit, and one that ran a miss. */
  readonly keyed: boolean;
  /** In the host clock's time. */
  readonly startedAt: number;
  /** The caller's W3C trace context, as it came: it may be anything. */
  readonly traceparent?: string | undefined;
  /** What it tried to reach vendors, by the time that each attempt ended: the first 100. */
  readonly attempts: readonly UpstreamAttempt[];
}

/** One attempt to reach a vendor, or one that a guard stopped before it went out. */
export interface UpstreamAttempt {
  /** Method and path template: `POST /api/v2/tickets/{id}`. */
  readonly operation: string;
  /** Counted from 1 for each request of a tool. */
  readonly attempt: number;
  /** Absent where it succeeded. */
  readonly code?: ErrorCode | undefined;
  /** Where it was sent, and the HTTP status that came back, if any did. Absent where it was not sent. */
  readonly sent?: { readonly origin: string; readonly status?: number | undefined } | undefined;
  /** In the host clock's time. */
  readonly startedAt: number;
  readonly durationMs: number;
}

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

export interface RefusalEvent {
  readonly reason: 'rate-limit' | 'unauthenticated' | 'origin' | 'host' | 'body' | 'draining' | 'overload';
}

/** Tells several observers. One that throws does not keep the others, or the call, from going on. */
export function observers(list: readonly Observer[]): Observer {
  if (list.length === 0) return {};
  const each =
    <E>(pick: (observer: Observer) => ((event: E) => void) | undefined) =>
    (event: E): void => {
      for (const observer of list) {
        try {
          pick(observer)?.call(observer, event);
        } catch {
          // Observing must never change what is observed.
        }
      }
    };
  return { call: each((o) => o.call), upstream: each((o) => o.upstream), refused: each((o) => o.refused) };
}
