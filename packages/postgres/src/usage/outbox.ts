import { silentLogger, systemClock, type Clock, type Logger, type UsageRecord } from '@busbar/core';
import { createBackgroundLoop } from '../background-loop.ts';
import type { Database } from '../database/database.ts';
import { postpone, removeEvents, takeDue, type TakenEvent } from './outbox-rows.ts';

/**
 * The result of sending one event. `refused`: the receiver does not accept this event. It is retried every hour, because a setting on
 * either side may be the cause. `later`: the event was not accepted, or it is unknown whether it was. It is retried. If the receiver gave a
 * time, the retry waits at least `retryAfterMs`.
 */
export type UsageDelivery =
  | { readonly status: 'delivered' }
  | { readonly status: 'refused'; readonly reason: string }
  | { readonly status: 'later'; readonly reason: string; readonly retryAfterMs?: number | undefined };

/** Options for {@link usageOutbox}. */
export interface UsageOutboxOptions {
  readonly clock?: Clock | undefined;
  /** Logs events that were not delivered, and events that were given up. */
  readonly log?: Logger | undefined;
  /**
   * Sends at most 100 events and returns their results in the same order. If it throws, or does not answer within 30 seconds, all of them
   * are sent again. `signal` aborts after those 30 seconds, and on `drain`.
   */
  send(records: readonly UsageRecord[], signal: AbortSignal): Promise<readonly UsageDelivery[]>;
  /**
   * The age of the oldest call that the receiver accepts. Events of older calls are logged and given up. Absent: no event is ever given up.
   */
  readonly maxAgeMs?: number | undefined;
}

/** Delivers usage events. */
export interface UsageOutbox {
  /** Delivers waiting events and looks for new ones every 2 seconds, until `drain`. */
  start(): void;
  /** Stops at once. Events that the receiver has not answered are sent again after the next start. Call it before closing the database. */
  drain(): Promise<void>;
}

const maxBatch = 100;
const everyMs = 2_000;
const sendWithinMs = 30_000;
// A replica's lease on events that it took. Twice the longest send, so that the replicas' clocks may differ.
const leaseMs = 2 * sendWithinMs;
const longestWaitMs = 60 * 60_000;
// The longest pause between two requests to a receiver that accepts nothing, however many events wait.
const longestPauseMs = 60_000;

/**
 * Delivers the usage events that `postgresMetering` with `usageEvents` writes. Each event is delivered at least once and has the call's id,
 * so a receiver that compares ids counts it once. An event is removed only after the receiver has accepted it. Any number of replicas may
 * run an outbox. Each replica sends one batch at a time. If the replica dies, another sends that batch a minute later.
 */
export function usageOutbox({ db }: Database, options: UsageOutboxOptions): UsageOutbox {
  const { clock = systemClock, log = silentLogger, send, maxAgeMs = Infinity } = options;
  // Rounds in a row without a delivery.
  let failures = 0;

  /** Delivers a batch. Returns how long to wait before the next batch, in milliseconds. */
  async function round(stopped: AbortSignal): Promise<number> {
    const taken = await takeDue(db, { now: clock.now(), leaseMs, limit: maxBatch });
    const fresh = await withoutOld(taken);
    if (fresh.length === 0) return taken.length === maxBatch ? 0 : everyMs;
    const deliveries = await deliver(
      fresh.map(({ record }) => record),
      stopped,
    );
    const settled = fresh.map((event, index) => ({ event, delivery: deliveries[index] ?? unanswered }));
    await removeEvents(
      db,
      settled.filter(({ delivery }) => delivery.status === 'delivered').map(({ event }) => event.record.callId),
    );
    const left = settled.filter(({ delivery }) => delivery.status !== 'delivered');
    if (left.length > 0) await keep(left);
    // A refused event does not mean that the receiver is unreachable.
    const held = left.filter(({ delivery }) => delivery.status === 'later');
    failures = held.length === settled.length ? failures + 1 : 0;
    if (held.length > 0) return Math.max(backoff(failures, longestPauseMs), ...held.map(({ delivery }) => namedWait(delivery)));
    return taken.length === maxBatch ? 0 : everyMs;
  }

  async function deliver(records: readonly UsageRecord[], stopped: AbortSignal): Promise<readonly UsageDelivery[]> {
    const done = new AbortController();
    const signal = AbortSignal.any([stopped, done.signal]);
    const late = clock.sleep(sendWithinMs, signal).then(
      () => 'the receiver took too long',
      () => 'the server stops',
    );
    try {
      return await Promise.race([send(records, signal), late.then((reason) => records.map(() => ({ status: 'later' as const, reason })))]);
    } catch (err) {
      log.warn({ err }, 'Sending usage events failed');
      return [];
    } finally {
      done.abort();
    }
  }

  async function keep(left: readonly { readonly event: TakenEvent; readonly delivery: UsageDelivery }[]): Promise<void> {
    const now = clock.now();
    await postpone(
      db,
      left.map(({ event: { record, attempts }, delivery }) => ({
        callId: record.callId,
        dueAt: now + (delivery.status === 'refused' ? longestWaitMs : Math.max(namedWait(delivery), backoff(attempts, longestWaitMs))),
      })),
    );
    const example = left.find(({ delivery }) => delivery.status === 'refused') ?? left[0];
    const fields = { events: left.length, attempts: example?.event.attempts, callId: example?.event.record.callId };
    const reason = example?.delivery.status === 'delivered' ? undefined : example?.delivery.reason;
    if (example?.delivery.status === 'refused')
      log.error({ ...fields, reason }, 'Usage events were refused; they are tried again each hour');
    else log.warn({ ...fields, reason }, 'Usage events were not delivered; they are tried again');
  }

  /** Gives up on events that are too old for the receiver. */
  async function withoutOld(taken: readonly TakenEvent[]): Promise<readonly TakenEvent[]> {
    const oldest = clock.now() - maxAgeMs;
    const old = taken.filter(({ record }) => record.startedAt < oldest);
    if (old.length === 0) return taken;
    const callIds = old.map(({ record }) => record.callId);
    log.error({ callIds }, 'Usage events were given up: the receiver does not take calls as old as these');
    await removeEvents(db, callIds);
    return taken.filter(({ record }) => record.startedAt >= oldest);
  }

  const loop = createBackgroundLoop(clock, (signal) =>
    round(signal).catch((err: unknown) => {
      log.warn({ err }, 'Usage events could not be read or written');
      return everyMs;
    }),
  );
  return { start: loop.start, drain: loop.stop };
}

const unanswered: UsageDelivery = { status: 'later', reason: 'the receiver did not answer for this event' };

const namedWait = (delivery: UsageDelivery): number =>
  delivery.status === 'later' ? Math.min(delivery.retryAfterMs ?? 0, longestWaitMs) : 0;

/** 2 seconds, then twice as long each time. */
const backoff = (failures: number, most: number): number => Math.min(1_000 * 2 ** Math.min(failures, 30), most);
