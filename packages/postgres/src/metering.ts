import { randomUUID } from 'node:crypto';
import { silentLogger, systemClock, ToolError, type Answer, type Clock, type Logger, type Metering } from '@busbar/core';
import type { Database } from './database.ts';
import { groupCommit } from './group-commit.ts';
import { admitCalls, claimOf, readClaims, recordReplays, type AdmitItem, type ClaimState, type ReplayItem } from './metering-admit.ts';
import { createAmends } from './metering-amends.ts';
import { storableText } from './metering-items.ts';
import { createLeases } from './metering-leases.ts';
import { lostItem, settleCalls, settledItem, type SettleItem } from './metering-settle.ts';
import { renewLeases, sweepCalls, type Swept } from './metering-sweep.ts';
import { conflict, outcomeLost, overloaded, unavailable } from './metering-refusals.ts';

/** How a {@link postgresMetering} works. */
export interface PostgresMeteringOptions {
  readonly clock?: Clock;
  /** Told of what fails in the background. */
  readonly log?: Logger;
  /** What the records call this process. Default: a random UUID. */
  readonly replica?: string;
  /**
   * How long a running call is vouched for; renewed after each third of it. The clocks of the replicas have to agree within a third.
   * Default 30 seconds.
   */
  readonly leaseMs?: number;
  /** How long an answer is kept for replay. Default 24 hours. */
  readonly keepMs?: number;
}

/** A metering in a database, and what a server does with it besides. */
export interface PostgresMetering extends Metering {
  /**
   * Ends what replicas left behind: calls whose lease has run out become `unknown` where they may have written and `failed` otherwise.
   * Any number of replicas may sweep at once. Drops expired claims too.
   */
  sweep(): Promise<Swept>;
  /** Sweeps now, and again each time a lease would have run out, until `drain`. */
  start(): void;
  /** Ends the sweeping and the renewing, and resolves when nothing waits to be written. Before closing the database. */
  drain(): Promise<void>;
}

const maxRunning = 10_000;
// How often a twin that runs on another replica is looked after. All waiters of a replica share one query.
const pollMs = 100;

/**
 * The ledger: one row for each admitted call and for each replay, durable when `admit` and `settle` resolve. Calls that arrive together
 * share transactions.
 *
 * A call is vouched for by a lease. Where its replica dies, a sweep ends it; should the replica live after all, what it settles later is
 * the truth and takes the place of what the sweep wrote. With the database away `admit` refuses with UNAVAILABLE and `settle` rejects
 * with it; what was lost that way is set right in the background, as the caller was told it, or by a sweep.
 */
export function postgresMetering({ db }: Database, options: PostgresMeteringOptions = {}): PostgresMetering {
  const { clock = systemClock, log = silentLogger, replica = randomUUID(), leaseMs = 30_000, keepMs = 24 * 60 * 60_000 } = options;
  const limits = { maxBatch: 500, maxWaiting: 10_000, full: unavailable };

  const admits = groupCommit<AdmitItem, boolean>(async (items) => {
    const written = await admitCalls(db, items, { replica, now: clock.now(), until: clock.now() + leaseMs });
    return ({ call }) => written.has(call.callId);
  }, limits);
  const reads = groupCommit<string, ClaimState | undefined>(async (ids) => {
    const claims = await orUnavailable(readClaims(db, ids, clock.now()));
    return (id) => claims.get(id);
  }, limits);
  const replays = groupCommit<ReplayItem, void>(async (items) => {
    await orUnavailable(recordReplays(db, items, replica));
    return () => {};
  }, limits);
  const settles = groupCommit<SettleItem, void>(async (items) => {
    await settleCalls(db, items, keepMs);
    return () => {};
  }, limits);

  const leases = createLeases(clock, leaseMs / 3, async (callIds) => {
    await renewLeases(db, callIds, clock.now() + leaseMs).catch((err: unknown) => log.warn({ err }, 'leases of calls were not renewed'));
  });
  const amends = createAmends<SettleItem>(clock, async (items) => {
    await Promise.all(items.map((item) => settles.add(item)));
  });
  const over = new AbortController();
  let sweeping: Promise<void> | undefined;

  async function write(item: AdmitItem): Promise<boolean> {
    try {
      const written = await admits.add(item);
      if (written) leases.hold(item.call.callId);
      return written;
    } catch (error) {
      // It may have been written all the same, and only the answer lost.
      if (!ToolError.is(error)) amends.add(lostItem(item.call.callId, { wrote: 'no', upstreamRequests: 0, endedAt: clock.now() }));
      throw unavailable(error);
    }
  }

  /** Waits while a twin runs. Gives what it left, or undefined where its claim is free again. */
  async function endOfTwin(claim: string, inputHash: string, signal: AbortSignal): Promise<ClaimState | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const state = await reads.add(claim);
      if (state && state.inputHash !== inputHash) throw conflict();
      if (!state || state.ended) return state;
      await endedOrAWhile(state.callId, signal);
    }
  }

  async function endedOrAWhile(callId: string, signal: AbortSignal): Promise<void> {
    const here = leases.ended(callId);
    const awake = new AbortController();
    const sleep = clock.sleep(here ? leaseMs : pollMs, AbortSignal.any([signal, awake.signal]));
    try {
      await (here ? Promise.race([here, sleep]) : sleep);
    } finally {
      awake.abort();
    }
  }

  async function replay(item: AdmitItem, { answer }: ClaimState): Promise<Answer> {
    if (answer === null) throw outcomeLost();
    await replays.add({ ...item, bytesOut: Buffer.byteLength(answer), endedAt: clock.now() });
    return JSON.parse(answer) as Answer;
  }

  async function sweep(): Promise<Swept> {
    const swept = await sweepCalls(db, () => clock.now(), keepMs);
    if (swept.unknown + swept.failed > 0) log.warn(swept, 'calls that a replica left behind were ended');
    return swept;
  }

  async function sweepUntilDrained(): Promise<void> {
    while (!over.signal.aborted) {
      await sweep().catch((err: unknown) => log.warn({ err }, 'calls that were left behind could not be looked for'));
      await clock.sleep(leaseMs, over.signal).catch(() => {});
    }
  }

  return {
    async admit(call, signal) {
      signal.throwIfAborted();
      if (leases.size >= maxRunning) throw overloaded();
      const item: AdmitItem = { call, claim: claimOf(call) };
      while (!(await write(item))) {
        if (item.claim === null) throw new Error(`The call id ${call.callId} was used before`);
        const ended = await endOfTwin(item.claim, call.inputHash, signal);
        if (ended) return { kind: 'replay', answer: await replay(item, ended) };
      }
      return { kind: 'run', admission: { call } };
    },
    async settle({ call }, outcome) {
      try {
        await settles.add(settledItem(call.callId, outcome));
      } catch (error) {
        amends.add(lostItem(call.callId, outcome));
        throw unavailable(error);
      } finally {
        leases.release(call.callId);
      }
    },
    async report({ connector, connection, accepted, outcome, message }) {
      const insert = db
        .insertInto('deliveries')
        .values({
          connector,
          connection,
          accepted: storableText(accepted),
          outcome,
          message: message === undefined ? null : storableText(message),
          reported_at: new Date(clock.now()),
        })
        .onConflict((known) => known.columns(['connection', 'accepted']).doNothing())
        .execute();
      await orUnavailable(insert);
    },
    sweep,
    start: () => {
      sweeping ??= sweepUntilDrained();
    },
    async drain() {
      over.abort();
      leases.stop();
      amends.stop();
      await sweeping;
      await Promise.all([admits.drain(), reads.drain(), replays.drain(), settles.drain()]);
    },
  };
}

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unavailable(error);
  }
}
