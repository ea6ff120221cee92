import { deepEqual } from 'node:assert/strict';
import type { Outcome } from '../../ports/metering.ts';
import {
  admitToReplay,
  admitToRun,
  answerOf,
  callsOfATenant,
  ending,
  refusedAs,
  staying,
  type MeteringGuarantee,
} from './metering-guarantee.ts';

type Ending = readonly [status: Outcome['status'], wrote: Outcome['wrote']];

/** Endings that release the key. */
const released: readonly Ending[] = [
  ['failed', 'no'],
  ['asked', 'no'],
];
/** Endings that keep the key. */
const kept: readonly Ending[] = [
  ['executed', 'yes'],
  ['executed', 'no'],
  ['accepted', 'yes'],
  ['accepted', 'no'],
  ['failed', 'yes'],
  ['failed', 'unknown'],
  ['unknown', 'unknown'],
];

/** Guarantees about what an ended call leaves behind for later calls. */
export const meteringClaimGuarantees: readonly MeteringGuarantee[] = [
  {
    name: 'answers a repeated key with the first answer, every time and for every user of the tenant',
    async prove(metering, other) {
      const call = callsOfATenant();
      await metering.settle(await admitToRun(metering, call()), ending('executed', 'yes', 'made 1'));
      await admitToReplay(metering, call(), 'made 1');
      await admitToReplay(other, call(), 'made 1');
      await admitToReplay(other, call({ principal: { ...call().principal, id: 'key-2' } }), 'made 1');
    },
  },
  {
    name: 'replays every answer unchanged, as a copy',
    async prove(metering, other) {
      const call = callsOfATenant();
      const answer = {
        content: [{ type: 'text', text: 'Ünï\u0000 \ud800 "quoted" \\u0000' }] as const,
        structuredContent: { list: [1, 2.5, null], nested: { yes: true } },
        isError: true,
        meta: { 'busbar/error': { code: 'CONFLICT' } },
      };
      const settled = structuredClone(answer);
      await metering.settle(await admitToRun(metering, call()), { ...ending('executed', 'yes'), answer: settled });
      Object.assign(settled, { content: [] });
      const first = await other.admit(call(), staying);
      deepEqual(first, { kind: 'replay', answer });
      if (first.kind === 'replay') Object.assign(first.answer, { content: [] });
      deepEqual(await other.admit(call(), staying), { kind: 'replay', answer });
    },
  },
  {
    name: 'refuses a key with different arguments as IDEMPOTENCY_CONFLICT, during its call and after',
    async prove(metering, other) {
      const call = callsOfATenant();
      const changed = () => call({ inputHash: 'h2' });
      const admission = await admitToRun(metering, call());
      await refusedAs('IDEMPOTENCY_CONFLICT', metering.admit(changed(), staying));
      await refusedAs('IDEMPOTENCY_CONFLICT', other.admit(changed(), staying));
      await metering.settle(admission, ending('executed', 'yes', 'made 1'));
      await refusedAs('IDEMPOTENCY_CONFLICT', metering.admit(changed(), staying));
      await refusedAs('IDEMPOTENCY_CONFLICT', other.admit(changed(), staying));
      await admitToReplay(other, call(), 'made 1');
    },
  },
  {
    name: 'keeps the keys of tenants, connections and tools apart',
    async prove(metering, other) {
      const call = callsOfATenant();
      await metering.settle(await admitToRun(metering, call()), ending('executed', 'yes'));
      await admitToRun(other, call({ connection: 'conn-2', inputHash: 'h2' }));
      await admitToRun(other, call({ tool: 'acme_delete_order', inputHash: 'h2' }));
      await admitToRun(other, call({ key: 'k2', inputHash: 'h2' }));
      await admitToRun(other, callsOfATenant()({ inputHash: 'h2' }));
    },
  },
  {
    name: 'accepts any text as a key, and confuses no two keys',
    async prove(metering, other) {
      const call = callsOfATenant();
      const keys = ['k', 'K', 'k\u0000', 'k\ufffd', 'k ', '["k"]', "k'; --", 'k'.repeat(255)];
      for (const key of keys) await metering.settle(await admitToRun(metering, call({ key })), ending('executed', 'yes', key));
      for (const key of keys) await admitToReplay(other, call({ key }), key);
    },
  },
  {
    name: 'runs every read and every call without a key, even if an equal call ran before or is running',
    async prove(metering, other) {
      const call = callsOfATenant();
      for (const over of [{ key: undefined }, { effect: 'read', key: 'k1' }] as const) {
        const first = await admitToRun(metering, call(over));
        const second = await admitToRun(other, call(over));
        await metering.settle(first, ending('executed', 'no'));
        await other.settle(second, ending('cached', 'no'));
        await metering.settle(await admitToRun(metering, call(over)), ending('executed', 'no'));
      }
    },
  },
  ...released.map(([status, wrote]): MeteringGuarantee => ({
    name: `runs a key again after its call ended as ${status} with wrote: ${wrote}, also with different arguments`,
    async prove(metering, other) {
      const call = callsOfATenant();
      await metering.settle(await admitToRun(metering, call()), ending(status, wrote));
      await other.settle(await admitToRun(other, call()), ending(status, wrote));
      await admitToRun(metering, call({ inputHash: 'h2' }));
    },
  })),
  ...kept.map(([status, wrote]): MeteringGuarantee => ({
    name: `never runs a key again after its call ended as ${status} with wrote: ${wrote}`,
    async prove(metering, other) {
      const call = callsOfATenant();
      await metering.settle(await admitToRun(metering, call()), ending(status, wrote, 'how it went'));
      await admitToReplay(metering, call(), 'how it went');
      await admitToReplay(other, call(), 'how it went');
    },
  })),
  {
    name: 'changes nothing when a call is settled twice',
    async prove(metering, other) {
      const call = callsOfATenant();
      const admission = await admitToRun(metering, call());
      await metering.settle(admission, ending('executed', 'yes', 'made 1'));
      await metering.settle(admission, ending('failed', 'no'));
      await metering.settle(admission, ending('executed', 'yes', 'made 2'));
      deepEqual(await other.admit(call(), staying), { kind: 'replay', answer: answerOf('made 1') });
    },
  },
  {
    name: 'accepts reports about accepted calls, also the same report twice',
    async prove(metering, other) {
      const call = callsOfATenant();
      const { connector, connection, callId: accepted } = call();
      await metering.settle(await admitToRun(metering, call()), { ...ending('accepted', 'yes'), accepted });
      const report = { connector, connection, accepted, outcome: 'delivered', message: 'as sent' } as const;
      deepEqual(await metering.report(report), undefined);
      deepEqual(await other.report(report), undefined);
    },
  },
];
