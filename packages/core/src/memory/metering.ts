import { answerJson } from '../answer-json.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { Answer } from '../content.ts';
import { ToolError } from '../errors.ts';
import { isCharged, type Admission, type Call, type DeliveryReport, type Metering, type Outcome } from '../ports/metering.ts';
import { priceOf, type Price } from '../billing/price.ts';
import { quotaCharges, type QuotaCharge, type UsagePolicy } from '../billing/quota.ts';
import { untilAbort } from '../lib/until-abort.ts';
import { createQuotaCounters } from './quota-counters.ts';

/** Options for {@link memoryMetering}. */
export interface MemoryMeteringOptions extends UsagePolicy {
  /** The most idempotency keys to keep. The oldest answers make room, and running calls are never dropped. Default 10,000. */
  readonly maxKeys?: number | undefined;
  /** The maximum total size of the kept answers, in bytes. The oldest answers make room. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long an answer is kept for replays, in milliseconds. Default 24 hours. */
  readonly keepMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Records every call that ends and every replay. `settle` and `admit` wait for it and throw its errors. */
  record?(call: Call, outcome: Outcome | 'replayed'): void | Promise<void>;
  /** Records every delivery report. `report` waits for it. */
  recordReport?(report: DeliveryReport): void | Promise<void>;
}

interface Running {
  readonly inputHash: string;
  readonly ended: Promise<void>;
  end(): void;
}

/** `answer` is JSON. It is undefined if the call's end could not be recorded, so that no caller relies on it. */
interface Ended {
  readonly inputHash: string;
  readonly answer: string | undefined;
  readonly until: number;
}

/** A call between admission and settlement. */
interface Admitted extends Admission {
  readonly key: string | undefined;
  readonly price: Price;
  readonly charges: readonly QuotaCharge[];
  settled: boolean;
}

/**
 * Keeps quotas, and idempotency keys with their answers, in this process. A restart loses all of them. Servers that bill, or that have
 * replicas, therefore need a durable {@link Metering}.
 */
export function memoryMetering({
  maxKeys = 10_000,
  maxBytes = 64 * 1024 * 1024,
  keepMs = 24 * 60 * 60_000,
  clock = systemClock,
  quotas = [],
  prices = [],
  record,
  recordReport,
}: MemoryMeteringOptions = {}): Metering {
  const running = new Map<string, Running>();
  // In the order of settlement, the oldest first.
  const ended = new Map<string, Ended>();
  const counters = createQuotaCounters();
  let bytes = 0;

  function forget(key: string): void {
    bytes -= sizeOf(ended.get(key));
    ended.delete(key);
  }

  function forgetWhile(needed: (oldest: Ended) => boolean): void {
    for (const [key, oldest] of ended) {
      if (!needed(oldest)) return;
      forget(key);
    }
  }

  /** Reserves the call's quotas, all or none. */
  function admit(call: Call, key: string | undefined): Admission {
    const price = priceOf(prices, call);
    const charges = quotaCharges(quotas, call, price.amount);
    counters.take(charges, clock.now());
    const admitted: Admitted = { call, key, price, charges, settled: false };
    return admitted;
  }

  /** Refunds the quotas for which the call is not charged. */
  function refund({ price, charges }: Admitted, outcome: Outcome): void {
    const charged = isCharged(outcome);
    const free = !charged || price.free.includes(outcome.status);
    for (const { rule, counter, amount } of charges) if (rule.of === 'money' ? free : !charged) counters.giveBack(counter, amount);
  }

  function end(key: string, answer: Answer | undefined, keep: boolean, keepForMs: number): void {
    const claim = running.get(key);
    if (!claim) return;
    running.delete(key);
    if (keep) {
      const entry = { inputHash: claim.inputHash, answer: answer && answerJson(answer), until: clock.elapsed() + keepForMs };
      bytes += sizeOf(entry);
      forgetWhile(() => bytes > maxBytes);
      ended.set(key, entry);
    }
    claim.end();
  }

  async function settle(admission: Admission, outcome: Outcome): Promise<void> {
    // `settle` receives only admissions made by `admit`.
    const held = admission as Admitted;
    if (held.settled) return;
    held.settled = true;
    const { key } = held;
    const keepForMs = admission.call.keepMs ?? keepMs;
    const done = outcome.status === 'executed' || outcome.status === 'accepted' || outcome.status === 'unknown';
    const keep = done || outcome.wrote !== 'no';
    try {
      // Awaits only with `record`, because one turn of the event loop is a large part of a short call.
      if (record) await record(admission.call, outcome);
    } catch (error) {
      // The outcome as the caller will see it.
      refund(held, { ...outcome, status: outcome.wrote === 'no' ? 'failed' : 'unknown', code: 'UNAVAILABLE' });
      if (key !== undefined) end(key, undefined, outcome.wrote !== 'no', keepForMs);
      throw error;
    }
    refund(held, outcome);
    if (key !== undefined) end(key, outcome.answer, keep, keepForMs);
  }

  return {
    async admit(call, options) {
      if (call.key === undefined || call.effect === 'read') return { kind: 'run', admission: admit(call, undefined) };
      const key = JSON.stringify([call.principal.tenant, call.connection, call.tool, call.key]);
      // A duplicate that failed without writing leaves no entry. The first of the calls that waited for it runs, and the others wait for
      // that call.
      for (let duplicate = running.get(key); duplicate; duplicate = running.get(key)) {
        if (duplicate.inputHash !== call.inputHash) throw conflict();
        await untilAbort(duplicate.ended, options.signal);
      }
      forgetWhile((oldest) => oldest.until <= clock.elapsed());
      const past = ended.get(key);
      if (past && past.until > clock.elapsed()) {
        if (past.inputHash !== call.inputHash) throw conflict();
        if (past.answer === undefined) throw lost();
        await record?.(call, 'replayed');
        return { kind: 'replay', answer: JSON.parse(past.answer) as Answer };
      }
      if (running.size >= maxKeys) {
        throw new ToolError('OVERLOADED', 'Too many calls with an idempotency key are running. Nothing was done; try again in a moment.');
      }
      const admission = admit(call, key);
      forgetWhile(() => running.size + ended.size >= maxKeys);
      const { promise, resolve } = Promise.withResolvers<void>();
      running.set(key, { inputHash: call.inputHash, ended: promise, end: resolve });
      return { kind: 'run', admission };
    },
    async record(call, outcome) {
      await settle(admit(call, undefined), outcome);
    },
    settle,
    async report(report) {
      await recordReport?.(report);
    },
  };
}

// A character takes two bytes at most.
const sizeOf = (entry: Ended | undefined): number => 2 * (entry?.answer?.length ?? 0);

const conflict = () =>
  new ToolError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used before with other arguments. Use a new key for a new call.');

const lost = () =>
  new ToolError(
    'OUTCOME_UNKNOWN',
    'A call with this idempotency key may have written, and its end was not recorded. Check what happened before you repeat it under a new key.',
  );
