import { ToolError } from '../errors.ts';
import { quotaExceeded, type QuotaCharge } from '../billing/quota.ts';

/** Keeps the quota counters of this process. */
export interface QuotaCounters {
  /** Applies either all charges of a call or none. @throws {ToolError} QUOTA_EXCEEDED; OVERLOADED if too many counters are in use. */
  take(charges: readonly QuotaCharge[], now: number): void;
  giveBack(counter: string, amount: number): void;
}

const maxCounters = 100_000;

/**
 * Creates empty counters. A counter expires with its period. No counter is dropped earlier to make room, because that would grant its quota
 * twice.
 */
export function createQuotaCounters(): QuotaCounters {
  const counters = new Map<string, { used: number; readonly endsAt: number }>();

  function makeRoom(now: number, needed: number): void {
    for (const [id, { endsAt }] of counters) if (endsAt <= now) counters.delete(id);
    if (counters.size + needed > maxCounters)
      throw new ToolError('OVERLOADED', 'Too many quotas are in use on this server. Nothing was done; try again in a minute.');
  }

  return {
    take(charges, now) {
      for (const charge of charges)
        if ((counters.get(charge.counter)?.used ?? 0) + charge.amount > charge.rule.limit) throw quotaExceeded(charge, now);
      const added = charges.filter(({ counter }) => !counters.has(counter)).length;
      if (added > 0 && counters.size + added > maxCounters) makeRoom(now, added);
      for (const { counter, amount, endsAt } of charges) {
        const known = counters.get(counter);
        if (known) known.used += amount;
        else counters.set(counter, { used: amount, endsAt });
      }
    },
    giveBack(id, amount) {
      const counter = counters.get(id);
      if (counter) counter.used -= amount;
    },
  };
}
