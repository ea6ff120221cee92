import { randomUUID } from 'node:crypto';
import {
  priceOf,
  quotaCharges,
  quotaExceeded,
  silentLogger,
  systemClock,
  ToolError,
  type Admission,
  type Answer,
  type Call,
  type Clock,
  type Logger,
  type Metering,
  type Outcome,
  type Price,
  type UsagePolicy,
} from '@busbar/core';
import { createAuditChain } from './audit-chain.ts';
import type { Database } from './database.ts';
import { letterOf, type DeadLetterRow } from './dead-letter.ts';
import { groupCommit } from './group-commit.ts';
import { admitCalls, admitItem, recordReplays, type AdmitItem, type Admitted, type ReplayItem } from './metering-admit.ts';
import { createAmends } from './metering-amends.ts';
import { readClaims, type ClaimState } from './metering-claims.ts';
import { storableText } from './metering-items.ts';
import { createLeases, type Lease } from './metering-leases.ts';
import { outcomeLost, overloaded, unavailable } from './metering-refusals.ts';
import { lostItem, settleCalls, settledItem, type Settled, type SettleItem } from './metering-settle.ts';
import { dropExpired, renewLeases, sweepPage, sweepPageSize, type Swept } from './metering-sweep.ts';
import { twinWatch } from './metering-twins.ts';
import { createQuotaRows } from './quota-rows.ts';
import { createSeal, type SealSecret } from './seal.ts';

/** How a {@link postgresMetering} works. */
export interface PostgresMeteringOptions extends UsagePolicy {
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
  /**
   * `durable`, the default: a call is answered after its end is in the database. `queued`: it is answered while its end waits to be
   * written, which takes the wait from its latency. A process that dies then loses the ends of its last milliseconds, and one that
   * stops while the database is away those of all that time: calls that were answered become `unknown`, or `failed` and refunded
   * where they were reads, and their keys answer OUTCOME_UNKNOWN. A read that is recorded whole is waited for either way: what records it may refuse it.
   */
  readonly settle?: 'durable' | 'queued';
  /**
   * Keeps failed writes that may be tried again for a `createDeadLetters` with the same secret. `maxPerTenant`: the oldest make room, default
   * 1,000. Default: none are kept.
   */
  readonly deadLetters?: { readonly secret: SealSecret; readonly maxPerTenant?: number };
  /** Puts every charged call into the outbox, for a `usageOutbox` to deliver. Default: no. */
  readonly usageEvents?: boolean;
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

/** What a call cost when it was admitted rides along, so that a change of prices never changes a running call; and its lease. */
interface LedgerAdmission extends Admission {
  readonly price: Price;
  readonly lease: Lease;
}

/** What became of a call that asked as often as it had to. */
type Known = Exclude<Admitted, { readonly kind: 'again' }>;

const maxRunning = 10_000;

/**
 * The ledger: one row for each admitted call and for each replay, durable when `admit` and `settle` resolve. Calls that arrive together
 * share transactions.
 *
 * A call is vouched for by a lease. Where its replica dies, a sweep ends it; should the replica live after all, what it settles later is
 * the truth and takes the place of what the sweep wrote. With the database away `admit` refuses with UNAVAILABLE and `settle` rejects
 * with it; what was lost that way is set right in the background, as the caller was told it, or by a sweep.
 */
export function postgresMetering({ ledger: db }: Database, options: PostgresMeteringOptions = {}): PostgresMetering {
  const { clock = systemClock, log = silentLogger, replica = randomUUID(), leaseMs = 30_000, keepMs = 24 * 60 * 60_000 } = options;
  const { quotas = [], prices = [], settle: mode = 'durable', usageEvents = false } = options;
  const { deadLetters } = options;
  const letterSeal = deadLetters && createSeal(deadLetters.secret, 'dead-letters');
  const maxLetters = deadLetters?.maxPerTenant ?? 1_000;
  const limits = { maxBatch: 500, maxWaiting: 10_000, full: unavailable };
  // Each writer has a chain of its own: two on one chain would wait for each other's commit.
  const newChain = () => createAuditChain(db, { clock, replica });
  const [admitChain, settleChain, otherChain] = [newChain(), newChain(), newChain()];
  const quotaRows = createQuotaRows(db);

  const admits = groupCommit<AdmitItem, Admitted>(async (items) => {
    await quotaRows.ensure(items.flatMap(({ demands }) => demands));
    return await admitChain.write((chain) => admitCalls(db, items, { replica, now: clock.now(), chain, leaseMs, usageEvents }));
  }, limits);
  const reads = groupCommit<string, ClaimState | undefined>(async (ids) => {
    const claims = await orUnavailable(readClaims(db, ids, clock.now()));
    return (id) => claims.get(id);
  }, limits);
  const replays = groupCommit<ReplayItem, void>(async (items) => {
    await orUnavailable(otherChain.write((chain) => recordReplays(db, items, { replica, now: clock.now(), chain })));
    return () => {};
  }, limits);
  const settles = groupCommit<SettleItem, Settled>(async (items) => {
    const settled = await settleChain.write((chain) => settleCalls(db, items, { now: clock.now(), chain, usageEvents, maxLetters }));
    return ({ callId }) => settled(callId);
  }, limits);

  const leases = createLeases(clock, leaseMs / 3, async (callIds) => {
    await renewLeases(db, callIds, clock.now() + leaseMs).catch((err: unknown) => log.warn({ err }, 'leases of calls were not renewed'));
  });
  const endOfTwin = twinWatch({ read: async (claim) => (await reads.add(claim))(claim), leases, clock, leaseMs });
  const amends = createAmends<SettleItem>(clock, async (items) => {
    await Promise.all(items.map((item) => settles.add(item)));
  });
  const over = new AbortController();
  let sweeping: Promise<void> | undefined;

  /** What a call hears that could not be admitted. It may have been written all the same, and only the answer lost. */
  function notAdmitted({ call, price, end }: AdmitItem, error: unknown): ToolError {
    if (!end && !ToolError.is(error)) amends.add(lostItem(call, price, { wrote: 'no', upstreamRequests: 0, endedAt: clock.now() }, keepMs));
    return unavailable(error);
  }

  function letterFor(call: Call, outcome: Outcome): DeadLetterRow | undefined {
    const letter = letterSeal && letterOf(call, outcome, letterSeal);
    if (letter !== 'too-large') return letter;
    log.warn(
      { callId: call.callId, tool: call.tool },
      'a failed write is not on the dead-letter list: its arguments take more than 64 KiB',
    );
    return undefined;
  }

  /** The end of a call whose record failed, as its caller hears of it. */
  function lost(call: Call, price: Price, outcome: Outcome): SettleItem {
    const item = lostItem(call, price, outcome, keepMs);
    return item.status === 'failed' ? { ...item, letter: letterFor(call, { ...outcome, status: 'failed', code: 'UNAVAILABLE' }) } : item;
  }

  async function replay(item: AdmitItem, { answer, callId }: ClaimState): Promise<Answer> {
    if (answer === null) throw outcomeLost();
    await replays.add({ ...item, of: callId, bytesOut: Buffer.byteLength(answer), endedAt: clock.now() });
    return JSON.parse(answer) as Answer;
  }

  async function sweep(): Promise<Swept> {
    let unknown = 0;
    let failed = 0;
    for (let full = true; full;) {
      const page = await otherChain.write((chain) => sweepPage(db, { now: clock.now(), chain, keepMs, usageEvents }));
      unknown += page.unknown;
      failed += page.failed;
      full = page.unknown + page.failed === sweepPageSize;
    }
    await dropExpired(db, clock.now());
    if (unknown + failed > 0) log.warn({ unknown, failed }, 'calls that a replica left behind were ended');
    return { unknown, failed };
  }

  async function sweepUntilDrained(): Promise<void> {
    while (!over.signal.aborted) {
      await sweep().catch((err: unknown) => log.warn({ err }, 'calls that were left behind could not be looked for'));
      await clock.sleep(leaseMs, over.signal).catch(() => {});
    }
  }

  /** Asks until it is known what becomes of a call. */
  function write(item: AdmitItem): Promise<Known> {
    return admits.add(item).then(
      (resultOf) => {
        const admitted = resultOf(item);
        if (admitted.kind !== 'again') return admitted;
        for (const { counter } of item.demands) quotaRows.forget(counter);
        return write(item);
      },
      (error: unknown) => {
        throw notAdmitted(item, error);
      },
    );
  }

  return {
    async admit(call, options) {
      if (leases.size >= maxRunning) throw overloaded();
      const price = priceOf(prices, call);
      const item = admitItem(call, price, quotaCharges(quotas, call, price.amount));
      for (;;) {
        const admitted = await write(item);
        if (admitted.kind === 'written') {
          const admission: LedgerAdmission = { call, price, lease: leases.hold(call.callId) };
          return { kind: 'run', admission };
        }
        if (item.claim === null && admitted.kind === 'taken') throw usedBefore(call);
        // A repetition is answered whatever is left of the quota: the first call has paid.
        const ended = item.claim === null ? undefined : await endOfTwin(item.claim, call.inputHash, options.signal);
        if (ended) return { kind: 'replay', answer: await replay(item, ended) };
        if (admitted.kind === 'full') throw quotaExceeded(admitted.demand, clock.now());
        options.signal.throwIfAborted();
      }
    },
    async record(call, outcome) {
      const price = priceOf(prices, call);
      const end = settledItem(call, price, outcome, keepMs);
      const admitted = await write(admitItem(call, price, quotaCharges(quotas, call, price.amount), end));
      if (admitted.kind === 'full') throw quotaExceeded(admitted.demand, clock.now());
      if (admitted.kind === 'taken') throw usedBefore(call);
    },
    async settle(admission, outcome) {
      const { call } = admission;
      const { price = priceOf(prices, call), lease } = admission as Partial<LedgerAdmission>;
      const item = settledItem(call, price, outcome, keepMs, letterFor(call, outcome));
      const written = settles.add(item);
      if (mode === 'queued') {
        const release = () => lease && leases.release(lease);
        // Its caller has been told this end, so this end is what is tried again.
        written.catch(() => amends.add(item)).finally(release);
        return;
      }
      let settled: Settled;
      try {
        settled = (await written)(item);
      } catch (error) {
        amends.add(lost(call, price, outcome));
        throw unavailable(error);
      } finally {
        if (lease) leases.release(lease);
      }
      if (settled === 'lost') throw unavailable(new Error(`The call ${call.callId} was ended by a sweep before it could be settled`));
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
      // What cannot be closed now is closed by another replica, once its lease is over.
      for (const chain of [admitChain, settleChain, otherChain])
        await chain.close().catch((err: unknown) => log.warn({ err }, 'a chain of the audit was left open'));
    },
  };
}

const usedBefore = ({ callId }: Call): Error => new Error(`The call id ${callId} was used before`);

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unavailable(error);
  }
}
