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
import type { ClaimState } from '../claims.ts';
import type { Database } from '../database/database.ts';
import { orUnavailable, unavailable } from '../database/errors.ts';
import { deadLetterOf, type DeadLetterRow } from '../dead-letters/dead-letter.ts';
import { createSeal, type SealSecret } from '../seal.ts';
import { admitItem, type AdmitItem, type AdmitResult } from './admit.ts';
import { writeDelivery } from './deliveries.ts';
import { duplicateCalls } from './duplicate-calls.ts';
import { createLeases, type CallLease } from './leases.ts';
import { createLedgerWrites } from './ledger-writes.ts';
import { createQuotaRows } from './quota-rows.ts';
import { outcomeLost, overloaded } from './refusals.ts';
import { createRetryQueue } from './retry-queue.ts';
import { lostItem, settledItem, type SettleItem, type SettleResult } from './settle.ts';
import { renewLeases, type SweepResult } from './sweep.ts';
import { createSweeper } from './sweeper.ts';

/** Options for {@link postgresMetering}. */
export interface PostgresMeteringOptions extends UsagePolicy {
  readonly clock?: Clock | undefined;
  /** Logs failures of background work. */
  readonly log?: Logger | undefined;
  /** The name of this process in the records. Default: a random UUID. */
  readonly replica?: string | undefined;
  /**
   * The duration of a running call's lease. The lease is renewed each time a third of it has passed. The clocks of all replicas must agree
   * to within a third of it. Default 30 seconds.
   */
  readonly leaseMs?: number | undefined;
  /** How long an answer is kept for replay. Default 24 hours. */
  readonly keepMs?: number | undefined;
  /**
   * `durable`, the default: the host answers a call once its settlement is in the database. `queued`: the host answers while the settlement
   * is still waiting to be written, so the wait does not add to the latency. If the process crashes, it loses the settlements of its last
   * milliseconds. If it stops while the database is unreachable, it loses all settlements since the database became unreachable. The calls
   * whose settlements are lost become `unknown`, or `failed` and refunded if they were reads. Later calls with the keys of `unknown` calls
   * end with OUTCOME_UNKNOWN. In both modes, a read that is admitted and recorded in one write is answered after that write, because the
   * write may refuse it.
   */
  readonly settle?: 'durable' | 'queued' | undefined;
  /**
   * Keeps failed writes that can be retried, so that `createDeadLetters` with the same secret can read them. Beyond `maxPerTenant` (default
   * 1,000), the oldest are dropped. Default: none are kept.
   */
  readonly deadLetters?: { readonly secret: SealSecret; readonly maxPerTenant?: number } | undefined;
  /** Puts every charged call into the outbox, from which `usageOutbox` delivers it. Default: false. */
  readonly usageEvents?: boolean | undefined;
}

/** Metering in a database, with the maintenance that a server runs. */
export interface PostgresMetering extends Metering {
  /**
   * Ends calls whose lease has expired because their replica is gone: they become `unknown` if they may have written, and `failed`
   * otherwise. Also drops expired claims. Any number of replicas may sweep at once.
   */
  sweep(): Promise<SweepResult>;
  /** Sweeps now and every `leaseMs`, until `drain`. */
  start(): void;
  /** Stops sweeps and lease renewals, and resolves when all writes are done. Call it before closing the database. */
  drain(): Promise<void>;
}

/** An admission with the call's lease and the price at that time, so that a price change never affects a running call. */
interface LedgerAdmission extends Admission {
  readonly price: Price;
  readonly lease: CallLease;
}

/** The result of an admission that needs no further attempt. */
type FinalAdmitResult = Exclude<AdmitResult, { readonly kind: 'retry' }>;

const maxRunning = 10_000;

/**
 * The ledger: one row for each admitted call and for each replay, durable when `admit` and `settle` resolve. Calls that arrive together
 * share transactions.
 *
 * Each running call has a lease. If its replica dies, a sweep ends the call. If the replica was only slow and settles later, its outcome
 * replaces the sweep's. If the database is unreachable, `admit` refuses with UNAVAILABLE and `settle` rejects with it. Records that were
 * lost that way are corrected later: in the background, to match the caller's answer, or by a sweep.
 */
export function postgresMetering({ ledger: db }: Database, options: PostgresMeteringOptions = {}): PostgresMetering {
  const { clock = systemClock, log = silentLogger, replica = randomUUID(), leaseMs = 30_000, keepMs = 24 * 60 * 60_000 } = options;
  const { quotas = [], prices = [], settle: mode = 'durable', usageEvents = false, deadLetters } = options;
  const seal = deadLetters && createSeal(deadLetters.secret, 'dead-letters');
  const maxDeadLetters = deadLetters?.maxPerTenant ?? 1_000;
  const quotaRows = createQuotaRows(db);
  const writes = createLedgerWrites(db, { quotaRows, clock, replica, leaseMs, usageEvents, maxDeadLetters });
  const { admits, claims, replays, settles } = writes;
  const sweeper = createSweeper(db, { chain: writes.chain, clock, log, leaseMs, keepMs, usageEvents });
  const leases = createLeases(clock, leaseMs / 3, async (callIds) => {
    await renewLeases(db, callIds, clock.now() + leaseMs).catch((err: unknown) => log.warn({ err }, 'leases of calls were not renewed'));
  });
  const endOfFirstCall = duplicateCalls({ read: async (claim) => (await claims.add(claim))(claim), leases, clock, leaseMs });
  const retries = createRetryQueue<SettleItem>(clock, async (items) => {
    await Promise.all(items.map((item) => settles.add(item)));
  });

  /** Writes an admission, and writes it again as long as the result is `retry`. */
  function write(item: AdmitItem): Promise<FinalAdmitResult> {
    return admits.add(item).then(
      (resultOf) => {
        const result = resultOf(item);
        if (result.kind !== 'retry') return result;
        for (const { counter } of item.charges) quotaRows.forget(counter);
        return write(item);
      },
      (error: unknown) => {
        throw notAdmitted(item, error);
      },
    );
  }

  /** The refusal of a call that was not admitted. Its row may exist if only the database's reply was lost, so the retry queue ends it. */
  function notAdmitted({ call, price, end }: AdmitItem, error: unknown): ToolError {
    if (!end && !ToolError.is(error))
      retries.add(lostItem(call, price, { wrote: 'no', upstreamRequests: 0, endedAt: clock.now() }, keepMs));
    return unavailable(error);
  }

  async function replay(item: AdmitItem, { answer, callId }: ClaimState): Promise<Answer> {
    if (answer === null) throw outcomeLost();
    await replays.add({ ...item, of: callId, bytesOut: Buffer.byteLength(answer), endedAt: clock.now() });
    return JSON.parse(answer) as Answer;
  }

  function deadLetter(call: Call, outcome: Outcome): DeadLetterRow | undefined {
    const row = seal && deadLetterOf(call, outcome, seal);
    if (row !== 'too-large') return row;
    log.warn(
      { callId: call.callId, tool: call.tool },
      'a failed write is not on the dead-letter list: its arguments take more than 64 KiB',
    );
    return undefined;
  }

  /** The settlement that matches the refusal of a caller whose settlement failed. */
  function refusedItem(call: Call, price: Price, outcome: Outcome): SettleItem {
    const item = lostItem(call, price, outcome, keepMs);
    if (item.status !== 'failed') return item;
    return { ...item, deadLetter: deadLetter(call, { ...outcome, status: 'failed', code: 'UNAVAILABLE' }) };
  }

  return {
    async admit(call, options) {
      if (leases.size >= maxRunning) throw overloaded();
      const price = priceOf(prices, call);
      const item = admitItem(call, price, quotaCharges(quotas, call, price.amount));
      for (;;) {
        const result = await write(item);
        if (result.kind === 'written') {
          const admission: LedgerAdmission = { call, price, lease: leases.hold(call.callId) };
          return { kind: 'run', admission };
        }
        if (item.claim === null && result.kind === 'taken') throw usedBefore(call);
        // A replay is answered even if the quota is used up: the first call has paid.
        const ended = item.claim === null ? undefined : await endOfFirstCall(item.claim, call.inputHash, options.signal);
        if (ended) return { kind: 'replay', answer: await replay(item, ended) };
        if (result.kind === 'full') throw quotaExceeded(result.charge, clock.now());
        options.signal.throwIfAborted();
      }
    },
    async record(call, outcome) {
      const price = priceOf(prices, call);
      const end = settledItem(call, price, outcome, keepMs);
      const result = await write(admitItem(call, price, quotaCharges(quotas, call, price.amount), end));
      if (result.kind === 'full') throw quotaExceeded(result.charge, clock.now());
      if (result.kind === 'taken') throw usedBefore(call);
    },
    async settle(admission, outcome) {
      const { call } = admission;
      const { price = priceOf(prices, call), lease } = admission as Partial<LedgerAdmission>;
      const item = settledItem(call, price, outcome, keepMs, deadLetter(call, outcome));
      const written = settles.add(item);
      if (mode === 'queued') {
        const release = () => lease && leases.release(lease);
        // The caller already has this outcome, so the retry queue writes the same outcome.
        written.catch(() => retries.add(item)).finally(release);
        return;
      }
      let result: SettleResult;
      try {
        result = (await written)(item);
      } catch (error) {
        retries.add(refusedItem(call, price, outcome));
        throw unavailable(error);
      } finally {
        if (lease) leases.release(lease);
      }
      if (result === 'lost') throw unavailable(new Error(`A sweep ended the call ${call.callId} before it was settled`));
    },
    async report(delivery) {
      await orUnavailable(writeDelivery(db, delivery, clock.now()));
    },
    sweep: sweeper.sweep,
    start: sweeper.start,
    async drain() {
      const swept = sweeper.stop();
      leases.stop();
      retries.stop();
      await swept;
      await writes.drain((err) => log.warn({ err }, 'a chain of the audit was left open'));
    },
  };
}

const usedBefore = ({ callId }: Call): Error => new Error(`The call id ${callId} was used before`);
