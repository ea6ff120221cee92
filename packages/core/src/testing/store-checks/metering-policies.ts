import type { QuotaRule } from '../../billing/quota.ts';
import type { Outcome } from '../../ports/metering.ts';
import { ending } from './metering-guarantee.ts';

/** A quota of calls. Default: per tenant and month. */
export const calls = (limit: number, over: Partial<QuotaRule> = {}): QuotaRule => ({
  of: 'calls',
  limit,
  per: 'month',
  each: 'tenant',
  ...over,
});
/** A quota of units per tenant and day. */
export const units = (limit: number): QuotaRule => ({ of: 'units', limit, per: 'day', each: 'tenant' });
/** A quota of money per tenant and day. */
export const money = (limit: number): QuotaRule => ({ of: 'money', limit, per: 'day', each: 'tenant' });

/** The outcome of a call that failed without a write. */
export const failed = (code: 'UPSTREAM_UNAVAILABLE' | 'NOT_FOUND'): Outcome => ({ ...ending('failed', 'no'), code });

/** Each ending of a call, and whether its charge is kept or refunded. */
export const endings: readonly (readonly [string, Outcome, 'kept' | 'refunded'])[] = [
  ['executed', ending('executed', 'yes'), 'kept'],
  ['cached', ending('cached', 'no'), 'kept'],
  ['accepted', ending('accepted', 'yes'), 'kept'],
  ['unknown', ending('unknown', 'unknown'), 'kept'],
  ['failed through the caller’s fault', failed('NOT_FOUND'), 'kept'],
  ['failed after a write', { ...failed('UPSTREAM_UNAVAILABLE'), wrote: 'yes' }, 'kept'],
  ['failed through the vendor’s fault', failed('UPSTREAM_UNAVAILABLE'), 'refunded'],
  ['failed without a code', ending('failed', 'no'), 'refunded'],
  ['asked', ending('asked', 'no'), 'refunded'],
];
