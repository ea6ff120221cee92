import { ToolError, type Call, type Outcome, type QuotaRule } from '@busbar/core';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { recordingLog } from '../../../core/test/mcp/recording-log.ts';
import { openDatabase, postgresMetering, reconcile, type Database, type PostgresMetering } from '../../src/index.ts';
import { kinds, type Kind } from '../support/databases.ts';
import { callOf, ending, staying } from '../support/ledger.ts';

const quotasOf = (perKey: number): readonly QuotaRule[] => [
  { of: 'money', limit: 40_000, per: 'month', each: 'tenant' },
  { of: 'calls', limit: perKey, per: 'month', each: 'key' },
  { of: 'units', limit: 1_000, per: 'day', each: 'connector' },
  { of: 'calls', limit: 10_000, per: 'minute', each: 'tool' },
];
const prices = [{ perCall: 50, perUnit: 10, free: ['cached'] as const }];
const ends: readonly Outcome[] = [
  ending('executed', 'yes'),
  ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }),
  ending('unknown', 'unknown', { code: 'OUTCOME_UNKNOWN' }),
  ending('asked', 'no'),
  ending('failed', 'no', { code: 'NOT_FOUND' }),
];

/** Calls of three tenants with two API keys each. They share counters, and every other write shares one of a few idempotency keys. */
function nthCall(index: number): Call {
  const read = index % 4 === 3;
  return callOf({
    principal: { tenant: `tenant-${index % 3}`, id: `key-${index % 2}`, roles: [] },
    connector: `connector-${index % 5}`,
    tool: `tool-${index % 4}`,
    connection: 'con_1',
    effect: read ? 'read' : 'write',
    key: read || index % 2 ? undefined : `k${index % 10}`,
    inputHash: index % 50 === 0 ? 'other' : 'h1',
    units: index % 4,
    startedAt: Date.now(),
  });
}

/** The outcome of a call. It ends now, because the ledger keeps its answer from that time on. */
function nthOutcome(index: number, { effect }: Call): Outcome {
  const end = effect === 'read' ? ending('cached', 'no') : ends[index % ends.length];
  return { ...(end ?? ending('asked', 'no')), endedAt: Date.now() };
}

/** The errors that a caller may get; any other error is a fault of the ledger. */
function isExpected(error: ToolError): boolean {
  if (error.code === 'UNAVAILABLE') return /A sweep ended the call/.test(String(error.cause));
  return ['QUOTA_EXCEEDED', 'IDEMPOTENCY_CONFLICT', 'OUTCOME_UNKNOWN'].includes(error.code);
}

/** Creates replicas, each with its own connections if the database is a server. */
async function replicasOf({ place, kind }: Kind, count: number) {
  const at = await place();
  onTestFinished(() => at.remove());
  const databases: Database[] = [];
  onTestFinished(async () => void (await Promise.all(databases.map((database) => database.close()))));
  for (let index = 0; index < (kind === 'pglite' ? 1 : count); index += 1) databases.push(await openDatabase(at.options));
  const [first] = databases;
  if (!first) throw new Error('none was opened');
  return { first, databases, of: (index: number) => databases[index % databases.length] ?? first };
}

describe.each(kinds)('replicas that share counters, keys and refunds on $kind', (kind) => {
  const total = kind.kind === 'pglite' ? 400 : 2_400;
  const quotas = quotasOf(total / 16);

  test('never deadlock, and leave counters that match the calls', async () => {
    const { first, databases, of } = await replicasOf(kind, 4);
    const { log, lines } = recordingLog();
    const open = (index: number, leaseMs: number) =>
      postgresMetering(of(index), { log, quotas, prices, leaseMs, usageEvents: true, replica: `r${index}-${leaseMs}` });
    const meterings = databases.map((_, index) => open(index, 60_000));
    const faults: unknown[] = [];
    let [executed, replayed, next] = [0, 0, 0];
    const codes = new Set<string>();
    const expecting = (error: unknown): void => {
      if (ToolError.is(error) && isExpected(error)) codes.add(error.code);
      else faults.push(error);
    };

    async function work(metering: PostgresMetering): Promise<void> {
      while (next < total) {
        const index = (next += 1);
        const call = nthCall(index);
        await (async () => {
          const admitted = await metering.admit(call, staying);
          if (admitted.kind === 'replay') return void (replayed += 1);
          executed += 1;
          await metering.settle(admitted.admission, nthOutcome(index, call));
        })().catch(expecting);
      }
    }

    /** Replicas that die while calls run. The leases expire at once, and every second call is settled late. */
    async function dieAgainAndAgain(index: number): Promise<void> {
      for (let times = 0; next < total; times += 1) {
        const dying = open(index, 1);
        const calls = Array.from({ length: 8 }, (_, nth) => ({
          ...nthCall(index + times + nth * 3),
          key: `dying-${index}-${times}-${nth}`,
        }));
        const admitted = await Promise.allSettled(calls.map((call) => dying.admit(call, staying)));
        const late = admitted.map(async (result, nth) => {
          if (result.status === 'rejected') return expecting(result.reason);
          if (result.value.kind === 'run' && nth % 2)
            await dying.settle(result.value.admission, ending('failed', 'no', { code: 'INTERNAL' })).catch(expecting);
        });
        await Promise.all([...late, meterings[index % meterings.length]?.sweep().catch((error: unknown) => faults.push(error))]);
        await dying.drain();
      }
    }

    await Promise.all([
      ...meterings.flatMap((metering) => Array.from({ length: 40 }, () => work(metering))),
      dieAgainAndAgain(0),
      dieAgainAndAgain(1),
    ]);
    await Promise.all(meterings.map((metering) => metering.drain()));
    const sweeper = open(0, 60_000);
    const running = () => first.db.selectFrom('calls').select('call_id').where('status', '=', 'running').execute();
    await expect.poll(async () => (await sweeper.sweep(), await running())).toEqual([]);
    await sweeper.drain();

    expect(faults).toEqual([]);
    expect(lines.filter(({ message }) => message !== 'a sweep ended calls whose replica is gone')).toEqual([]);
    expect(executed * replayed).toBeGreaterThan(0);
    expect([...codes]).toEqual(expect.arrayContaining(['QUOTA_EXCEEDED', 'IDEMPOTENCY_CONFLICT']));
    const counters = await first.db.selectFrom('quota_counters').selectAll().execute();
    for (const { id, used } of counters) {
      const rule = quotas.find(({ of, per, each }) => id.startsWith(`${of} ${per} `) && id.includes(` ${each} [`));
      expect(Number(used), id).toBeLessThanOrEqual(rule?.limit ?? -1);
      expect(Number(used), id).toBeGreaterThanOrEqual(0);
    }
    expect((await reconcile(first)).problems).toEqual([]);
    const { rows } = await sql<{
      deadlocks: number;
    }>`select deadlocks::int from pg_stat_database where datname = current_database()`.execute(first.db);
    expect(rows).toEqual([{ deadlocks: 0 }]);
  });

  test('claim and release the same keys in any order without an error', async () => {
    const { first, databases } = await replicasOf(kind, 4);
    const meterings = databases.map((database) => postgresMetering(database));
    const keys = Array.from({ length: total / 20 }, (_, index) => `k${index}`);
    let executed = 0;
    const once = async (metering: PostgresMetering, key: string): Promise<void> => {
      const admitted = await metering.admit(callOf({ key }), staying);
      if (admitted.kind === 'replay') throw new Error('was replayed');
      executed += 1;
      await metering.settle(admitted.admission, { ...ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }), endedAt: Date.now() });
    };
    const orders = [keys, keys.toReversed(), keys.toSorted(), keys.toSorted().toReversed()];
    await Promise.all(
      orders.flatMap((order, index) => order.map((key) => once(meterings[index % meterings.length] ?? postgresMetering(first), key))),
    );
    await Promise.all(meterings.map((metering) => metering.drain()));
    expect(executed).toBe(4 * keys.length);
    expect((await reconcile(first)).problems).toEqual([]);
  });
});
