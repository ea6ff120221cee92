import { deepEqual } from 'node:assert/strict';
import { ToolError } from '../../errors.ts';
import type { Metering, Outcome } from '../../ports/metering.ts';
import { admitToReplay, admitToRun, callsOfATenant, ending, refusedAs, staying, type MeteringGuarantee } from './metering-guarantee.ts';
import { calls, endings, failed, money, units } from './metering-policies.ts';

/** Admits and settles a call that must run. */
async function spend(
  metering: Metering,
  call: Parameters<typeof admitToRun>[1],
  outcome: Outcome = ending('executed', 'yes'),
): Promise<void> {
  await metering.settle(await admitToRun(metering, call), outcome);
}

/** Guarantees about quotas and prices. */
export const meteringQuotaGuarantees: readonly MeteringGuarantee[] = [
  {
    name: 'admits exactly as many calls as a quota allows, across all replicas',
    policy: { quotas: [calls(50)] },
    async prove(metering, other) {
      const call = callsOfATenant();
      const admits = Array.from({ length: 120 }, (_, index) => (index % 2 ? other : metering).admit(call({ key: undefined }), staying));
      const results = await Promise.allSettled(admits);
      const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      deepEqual(results.filter(({ status }) => status === 'fulfilled').length, 50);
      deepEqual(new Set(refusals.map((refusal) => (ToolError.is(refusal) ? refusal.code : refusal))), new Set(['QUOTA_EXCEEDED']));
    },
  },
  {
    name: 'enforces each of several quotas, and charges none of them if one is used up',
    policy: { quotas: [calls(3), units(10)] },
    async prove(metering, other) {
      const call = callsOfATenant();
      const callOf = (units: number) => call({ key: undefined, units });
      await spend(metering, callOf(8));
      await refusedAs('QUOTA_EXCEEDED', other.admit(callOf(3), staying));
      await spend(other, callOf(2));
      await spend(metering, callOf(0));
      await refusedAs('QUOTA_EXCEEDED', other.admit(callOf(0), staying));
    },
  },
  {
    name: 'does not let a call that exceeds a quota keep other calls from what is left',
    policy: { quotas: [units(10)] },
    async prove(metering) {
      const call = callsOfATenant();
      const wanted = [11, 3, 11, 3, 11, 4, 11];
      const results = await Promise.allSettled(wanted.map((units) => metering.admit(call({ key: undefined, units }), staying)));
      deepEqual(
        results.map(({ status }) => status === 'fulfilled'),
        [false, true, false, true, false, true, false],
      );
    },
  },
  {
    name: 'does not let a repeated key use up what is left, and answers it even when nothing is left',
    policy: { quotas: [calls(2)] },
    async prove(metering, other) {
      const call = callsOfATenant();
      await spend(metering, call());
      const results = await Promise.all([
        ...Array.from({ length: 5 }, () => metering.admit(call(), staying)),
        metering.admit(call({ key: 'k2' }), staying),
      ]);
      deepEqual(
        results.map(({ kind }) => kind),
        [...Array.from({ length: 5 }, () => 'replay'), 'run'],
      );
      await refusedAs('QUOTA_EXCEEDED', other.admit(call({ key: 'k3' }), staying));
      await admitToReplay(other, call(), 'executed');
    },
  },
  {
    name: 'leaves no claim when a quota refuses a call',
    policy: { quotas: [calls(1)] },
    async prove(metering, other) {
      const call = callsOfATenant();
      const admission = await admitToRun(metering, call({ key: 'k1' }));
      await refusedAs('QUOTA_EXCEEDED', other.admit(call({ key: 'k2' }), staying));
      await metering.settle(admission, failed('UPSTREAM_UNAVAILABLE'));
      await spend(other, call({ key: 'k2', inputHash: 'h2' }));
    },
  },
  ...endings.map(([name, outcome, charge]): MeteringGuarantee => ({
    name: `${charge === 'kept' ? 'keeps' : 'refunds'} the charge of a call that ended as ${name}`,
    policy: {
      quotas: [calls(1), units(5), money(500)].map((rule) => ({ ...rule, where: { tool: `acme_${rule.of}` } })),
      prices: [{ perUnit: 100 }],
    },
    async prove(metering, other) {
      const call = callsOfATenant();
      for (const tool of ['acme_calls', 'acme_units', 'acme_money']) {
        const costly = () => call({ tool, key: undefined, units: 5 });
        const admission = await admitToRun(metering, costly());
        await refusedAs('QUOTA_EXCEEDED', other.admit(costly(), staying));
        await metering.settle(admission, outcome);
        if (charge === 'kept') await refusedAs('QUOTA_EXCEEDED', other.admit(costly(), staying));
        else await spend(other, costly());
      }
    },
  })),
  {
    name: 'refunds only the money of a call whose status makes it free',
    policy: { quotas: [calls(2), money(100)], prices: [{ tool: 'acme_paid', perCall: 100, free: ['cached'] }] },
    async prove(metering, other) {
      const call = callsOfATenant();
      await spend(metering, call({ tool: 'acme_paid', key: undefined }), ending('cached', 'no'));
      await spend(other, call({ tool: 'acme_paid', key: undefined }));
      await refusedAs('QUOTA_EXCEEDED', metering.admit(call({ tool: 'acme_unpaid', key: undefined }), staying));
    },
  },
  {
    name: 'refunds once, however often a call is settled',
    policy: { quotas: [calls(2)] },
    async prove(metering, other) {
      const call = callsOfATenant();
      const admission = await admitToRun(metering, call({ key: undefined }));
      await metering.settle(admission, ending('asked', 'no'));
      await metering.settle(admission, ending('asked', 'no'));
      await spend(other, call({ key: undefined }));
      await spend(metering, call({ key: undefined }));
      await refusedAs('QUOTA_EXCEEDED', other.admit(call({ key: undefined }), staying));
    },
  },
  {
    name: 'counts per tenant, key, connector and tool, and only the calls that the rule selects',
    policy: {
      quotas: [
        calls(1, { each: 'key', where: { tool: 'acme_by_key' } }),
        calls(1, { each: 'connector', where: { connector: 'counted' } }),
        calls(1, { each: 'tool', where: { tool: 'acme_by_tool' } }),
      ],
    },
    async prove(metering, other) {
      const call = callsOfATenant();
      const { principal } = call();
      const keys = [{ principal }, { principal: { ...principal, id: 'key-2' } }];
      for (const over of [
        ...keys.map((key) => ({ ...key, tool: 'acme_by_key' })),
        { connector: 'counted', tool: 'counted_one' },
        { tool: 'acme_by_tool' },
        { tool: 'acme_free' },
        { tool: 'acme_free' },
      ])
        await spend(metering, call({ ...over, key: undefined }));
      for (const over of [
        ...keys.map((key) => ({ ...key, tool: 'acme_by_key' })),
        { connector: 'counted', tool: 'counted_two' },
        { tool: 'acme_by_tool', principal: { ...principal, id: 'key-2' } },
      ])
        await refusedAs('QUOTA_EXCEEDED', other.admit(call({ ...over, key: undefined }), staying));
      await spend(other, callsOfATenant()({ tool: 'acme_by_tool', key: undefined }));
    },
  },
  {
    name: 'starts a new count in each minute, day and month, by the time at which a call began',
    policy: { quotas: (['minute', 'day', 'month'] as const).map((per) => calls(1, { per, each: 'tool', where: { tool: `acme_${per}` } })) },
    async prove(metering, other) {
      const call = callsOfATenant();
      const last = {
        minute: Date.UTC(2026, 1, 28, 10, 20, 59, 999),
        day: Date.UTC(2026, 1, 27, 23, 59, 59, 999),
        month: Date.UTC(2026, 2, 0, 23, 59, 59, 999),
      };
      for (const [per, at] of Object.entries(last)) {
        const callAt = (startedAt: number) => call({ tool: `acme_${per}`, key: undefined, startedAt });
        await spend(metering, callAt(at));
        await refusedAs('QUOTA_EXCEEDED', other.admit(callAt(at), staying));
        await spend(other, callAt(at + 1));
        await refusedAs('QUOTA_EXCEEDED', metering.admit(callAt(at + 1), staying));
      }
    },
  },
];
