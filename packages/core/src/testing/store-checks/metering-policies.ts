import type { Outcome } from '../../ports/metering.ts';
import type { QuotaRule } from '../../billing/quota.ts';
import { ending } from './metering-guarantee.ts';

/** A quota of calls, for each tenant and month unless told otherwise. */
export const calls = (limit: number, over: Partial<QuotaRule> = {}): QuotaRule => ({
  of: 'calls',
  limit,
  per: 'month',
  each: 'tenant',
  ...over,
});
/** A quota of units for each tenant and day. */
export const units = (limit: number): QuotaRule => ({ of: 'units', limit, per: 'day', each: 'tenant' });
/** A quota of money for each tenant and day. */
export const money = (limit: number): QuotaRule => ({ of: 'money', limit, per: 'day', each: 'tenant' });

/** The end of a call that failed without a write. */
export const failed = (code: 'UPSTREAM_UNAVAILABLE' | 'NOT_FOUND'): Outcome => ({ ...ending('failed', 'no'), code });

/** How each end of a call is charged. */
export const ends: readonly (readonly [string, Outcome, 'kept' | 'given back'])[] = [
  ['executed', ending('executed', 'yes'), 'kept'],
  ['cached', ending('cached', 'no'), 'kept'],
  ['accepted', ending('accepted', 'yes'), 'kept'],
  ['unknown', ending('unknown', 'unknown'), 'kept'],
  ['failed by the caller’s fault', failed('NOT_FOUND'), 'kept'],
  ['failed after a write', { ...failed('UPSTREAM_UNAVAILABLE'), wrote: 'yes' }, 'kept'],
  ['failed by the vendor’s fault', failed('UPSTREAM_UNAVAILABLE'), 'given back'],
  ['failed without a code', ending('failed', 'no'), 'given back'],
  ['asked', ending('asked', 'no'), 'given back'],
];
