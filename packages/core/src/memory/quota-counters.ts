import { ToolError } from '../errors.ts';
import { quotaExceeded, type QuotaCharge } from '../billing/quota.ts';

/** What calls have taken of quotas in this process. */
export interface QuotaCounters {
  /** Takes all demands of a call or none. @throws {ToolError} QUOTA_EXCEEDED; OVERLOADED where too many counters are in use. */
  take(demands: readonly QuotaCharge[], now: number): void;
  giveBack(counter: string, amount: number): void;
}

const maxCounters = 100_000;

/** Counters end with their period. None that still runs is dropped for want of room: that would give a quota twice. */
export function createQuotaCounters(): QuotaCounters {
  const counters = new Map<string, { used: number; readonly endsAt: number }>();

  function makeRoom(now: number, needed: number): void {
    for (const [id, { endsAt }] of counters) if (endsAt <= now) counters.delete(id);
    if (counters.size + needed > maxCounters)
      throw new ToolError('OVERLOADED', 'Too many quotas are in use on this server. Nothing was done; try again in a minute.');
  }

  return {
    take(demands, now) {
      for (const demand of demands)
        if ((counters.get(demand.counter)?.used ?? 0) + demand.amount > demand.rule.limit) throw quotaExceeded(demand, now);
      const added = demands.filter(({ counter }) => !counters.has(counter)).length;
      if (added > 0 && counters.size + added > maxCounters) makeRoom(now, added);
      for (const { counter, amount, endsAt } of demands) {
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
