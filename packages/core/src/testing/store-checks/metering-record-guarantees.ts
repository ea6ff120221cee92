import { deepEqual } from 'node:assert/strict';
import { ToolError } from '../../errors.ts';
import type { Call } from '../../ports/metering.ts';
import { admitToRun, callsOfATenant, ending, refusedAs, staying, type MeteringGuarantee } from './metering-guarantee.ts';
import { calls, endings, failed, money, units } from './metering-policies.ts';

/** Returns a function that creates reads of one new tenant. */
function readsOfATenant(): (over?: Partial<Call>) => Call {
  const call = callsOfATenant();
  return (over) => call({ tool: 'acme_get_order', effect: 'read', key: undefined, inputHash: '', ...over });
}

const endingsOfReads = [['executed', ending('executed', 'no'), 'kept'] as const, ...endings.filter(([, { wrote }]) => wrote === 'no')];

/** Guarantees for calls that `record` writes at their end. The same guarantees hold for calls that `admit` and `settle` write. */
export const meteringRecordGuarantees: readonly MeteringGuarantee[] = [
  {
    name: 'admits and records together exactly as many calls as a quota allows, across all replicas',
    policy: { quotas: [calls(50)] },
    async prove(metering, other) {
      const read = readsOfATenant();
      const attempts = Array.from({ length: 120 }, (_, index) => {
        const handle = index % 2 ? other : metering;
        return index % 3 ? handle.record(read(), ending('executed', 'no')) : handle.admit(read(), staying);
      });
      const results = await Promise.allSettled<unknown>(attempts);
      const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      deepEqual(results.filter(({ status }) => status === 'fulfilled').length, 50);
      deepEqual(new Set(refusals.map((refusal) => (ToolError.is(refusal) ? refusal.code : refusal))), new Set(['QUOTA_EXCEEDED']));
    },
  },
  ...endingsOfReads.map(([name, outcome, charge]): MeteringGuarantee => ({
    name: `${charge === 'kept' ? 'charges' : 'does not charge'} a call that is recorded as ${name}`,
    policy: {
      quotas: [calls(1), units(5), money(500)].map((rule) => ({ ...rule, where: { tool: `acme_${rule.of}` } })),
      prices: [{ perUnit: 100 }],
    },
    async prove(metering, other) {
      const read = readsOfATenant();
      for (const tool of ['acme_calls', 'acme_units', 'acme_money']) {
        const costly = () => read({ tool, units: 5 });
        await metering.record(costly(), outcome);
        if (charge === 'kept') await refusedAs('QUOTA_EXCEEDED', other.record(costly(), outcome));
        else {
          await admitToRun(other, costly());
          await refusedAs('QUOTA_EXCEEDED', metering.record(costly(), outcome));
        }
      }
    },
  })),
  {
    name: 'refuses to record a call that it would not have admitted, however it ended, and charges nothing',
    policy: { quotas: [calls(1)] },
    async prove(metering, other) {
      const read = readsOfATenant();
      const admission = await admitToRun(metering, read());
      for (const outcome of [ending('executed', 'no'), ending('asked', 'no'), failed('UPSTREAM_UNAVAILABLE')])
        await refusedAs('QUOTA_EXCEEDED', other.record(read(), outcome));
      await metering.settle(admission, failed('UPSTREAM_UNAVAILABLE'));
      await other.record(read(), ending('executed', 'no'));
    },
  },
  {
    name: 'charges no money for a recorded call whose status makes it free, but counts it',
    policy: { quotas: [calls(2), money(100)], prices: [{ tool: 'acme_paid', perCall: 100, free: ['cached'] }] },
    async prove(metering, other) {
      const read = readsOfATenant();
      await metering.record(read({ tool: 'acme_paid' }), ending('cached', 'no'));
      await other.record(read({ tool: 'acme_paid' }), ending('executed', 'no'));
      await refusedAs('QUOTA_EXCEEDED', metering.record(read({ tool: 'acme_unpaid' }), ending('executed', 'no')));
    },
  },
];
