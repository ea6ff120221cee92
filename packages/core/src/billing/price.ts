import type { Call, Outcome } from '../ports/metering.ts';

/**
 * What calls cost. Amounts are whole numbers of millionths of one currency, the same for all rules: 2 cents are 20,000. The first rule
 * that fits a call counts, so put special ones first; a call that none fits costs nothing.
 */
export interface PriceRule {
  readonly tenant?: string | undefined;
  readonly connector?: string | undefined;
  readonly tool?: string | undefined;
  /** Holds for calls that begin at this time or later. An ISO date or time; a date begins in UTC. Absent: always did. */
  readonly from?: string | undefined;
  /** Holds for calls that begin before this time. */
  readonly until?: string | undefined;
  readonly perCall?: number | undefined;
  readonly perUnit?: number | undefined;
  /** Calls that end like this cost no money, though they count. Refunded ones, replays and what was asked cost nothing anyway. */
  readonly free?: readonly ('cached' | 'failed' | 'unknown')[] | undefined;
}

/** What a call costs at most, in millionths, and how it may end for nothing. */
export interface Price {
  readonly amount: number;
  readonly free: readonly Outcome['status'][];
}

const nothing: Price = { amount: 0, free: [] };

/** The price of a call by the rule that held when it began. */
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
