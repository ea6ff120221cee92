import type { Call, Outcome } from '../ports/metering.ts';

/**
 * A price for calls. Amounts are whole millionths of one currency, which is the same for all rules: 2 cents are 20,000. The first matching
 * rule applies, so put specific rules first. A call without a matching rule is free.
 */
export interface PriceRule {
  readonly tenant?: string | undefined;
  readonly connector?: string | undefined;
  readonly tool?: string | undefined;
  /** Applies to calls that begin at this time or later. An ISO date or time; dates are UTC. Absent: no lower bound. */
  readonly from?: string | undefined;
  /** Applies to calls that begin before this time. */
  readonly until?: string | undefined;
  readonly perCall?: number | undefined;
  readonly perUnit?: number | undefined;
  /**
   * Outcomes that cost no money but still count against quotas of calls and units. Refunded calls, replays and questions are free anyway.
   */
  readonly free?: readonly ('cached' | 'failed' | 'unknown')[] | undefined;
}

/** The most that a call may cost, in millionths, and the outcomes that are free. */
export interface Price {
  readonly amount: number;
  readonly free: readonly Outcome['status'][];
}

const nothing: Price = { amount: 0, free: [] };

/** Returns the price of a call under the rule that applied when it began. */
export function priceOf(rules: readonly PriceRule[], { principal, connector, tool, units, startedAt }: Call): Price {
  const rule = rules.find(
    (each) =>
      (each.tenant === undefined || each.tenant === principal.tenant) &&
      (each.connector === undefined || each.connector === connector) &&
      (each.tool === undefined || each.tool === tool) &&
      (each.from === undefined || startedAt >= Date.parse(each.from)) &&
      (each.until === undefined || startedAt < Date.parse(each.until)),
  );
  if (!rule) return nothing;
  return { amount: (rule.perCall ?? 0) + (rule.perUnit ?? 0) * units, free: rule.free ?? [] };
}
