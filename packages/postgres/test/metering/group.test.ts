import { systemClock, type Call, type Metering } from '@busbar/core';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase, postgresMetering, type Database } from '../../src/index.ts';
import { kinds, postgresql, type Kind } from '../support/databases.ts';
import { admitToRun, callOf, ending, staying, watched } from '../support/ledger.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Handles on one new database. */
async function openMany(kind: Kind, count: number): Promise<readonly Database[]> {
  const at = await kind.place();
  ends.push(() => at.remove());
  const opened = await Promise.all(Array.from({ length: count }, () => openDatabase(at.options)));
  ends.push(() => Promise.all(opened.map((database) => database.close())));
  return opened;
}

/** Makes calls with a constant number in flight. */
async function callAway(metering: Metering, inFlight: number, each: number): Promise<void> {
  const worker = async (name: number) => {
    for (let index = 0; index < each; index += 1)
      await metering.settle(await admitToRun(metering, callOf({ key: `${name}-${index}` })), ending('executed', 'yes'));
  };
  await Promise.all(Array.from({ length: inFlight }, (_, name) => worker(name)));
}

describe.each(kinds)('group commit on $kind', (kind) => {
  test('arguments that cannot be written to the audit fail only their own call', async () => {
    const [database] = await openMany(kind, 1);
    if (!database) return;
    const metering = postgresMetering(database);
    const untold = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    const results = await Promise.allSettled(
      [callOf({ key: 'a' }), callOf({ key: 'b', auditInput: untold }), callOf({ key: 'c' })].map((call) => metering.admit(call, staying)),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await metering.admit(callOf({ key: 'b', inputHash: 'another' }), staying)).kind).toBe('run');
    await metering.drain();
  });

  test('uses at most one transaction for every 20 calls at 200 in flight', async () => {
    const [database] = await openMany(kind, 1);
    if (!database) return;
    let statements = 0;
    const metering = postgresMetering(watched(database, () => (statements += 1)));
    await callAway(metering, 200, 10);
    const { count } = await database.db
      .selectFrom('calls')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('status', '=', 'executed')
      .executeTakeFirstOrThrow();
    console.info(
      `${kind.kind}: ${statements} transactions for ${count} calls at 200 in flight, one for ${(Number(count) / statements).toFixed(1)}`,
    );
    expect(Number(count)).toBe(2_000);
    // Each statement is its own transaction.
    expect(statements).toBeLessThanOrEqual(2_000 / 20);
  });

  test('refuses calls beyond the limit of waiting calls as UNAVAILABLE, and writes nothing for them', async () => {
    const [database] = await openMany(kind, 1);
    if (!database) return;
    const metering = postgresMetering(database);
    const calls = Array.from({ length: 10_502 }, () => callOf({ key: undefined, effect: 'read' }));
    const results = await Promise.allSettled(calls.map((call) => metering.admit(call, staying)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(502);
    expect(refused[0]).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    const rows = await database.db.selectFrom('calls').select('call_id').execute();
    expect(rows).toHaveLength(10_000);
    await expect(metering.admit(callOf(), staying)).rejects.toMatchObject({ code: 'OVERLOADED' });
    await metering.drain();
  });
});

describe.runIf(postgresql)('on a PostgreSQL server', () => {
  test('three replicas whose leases expire at once, under constant sweeps, refuse no call and run no key twice', async () => {
    if (!postgresql) return;
    const databases = await openMany(postgresql, 3);
    const replicas = databases.map((database) => postgresMetering(database, { leaseMs: 3 }));
    const runs = new Map<string, number>();
    const outcomes: string[] = [];
    let busy = true;

    const callOnce = async (metering: Metering, call: Call) => {
      try {
        const admitted = await metering.admit(call, staying);
        outcomes.push(admitted.kind);
        if (admitted.kind === 'replay') return;
        runs.set(String(call.key), (runs.get(String(call.key)) ?? 0) + 1);
        await metering.settle(admitted.admission, ending('executed', 'yes', { endedAt: systemClock.now() }));
      } catch (error) {
        outcomes.push((error as { code?: string }).code ?? String(error));
      }
    };
    const working = replicas.flatMap((metering) =>
      Array.from({ length: 40 }, async () => {
        for (let index = 0; index < 25; index += 1) await callOnce(metering, callOf({ key: `k${Math.floor(Math.random() * 1_000)}` }));
      }),
    );
    const sweeping = replicas.map(async (metering) => {
      while (busy) await metering.sweep();
    });
    await Promise.all(working).finally(() => (busy = false));
    await Promise.all(sweeping);
    await Promise.all(replicas.map((metering) => metering.drain()));

    expect(outcomes.filter((outcome) => !['run', 'replay', 'OUTCOME_UNKNOWN'].includes(outcome))).toEqual([]);
    expect(outcomes).toHaveLength(3_000);
    expect([...runs.values()].filter((times) => times > 1)).toEqual([]);
    const rows = await databases[0]?.db.selectFrom('calls').select('call_id').where('status', '=', 'executed').execute();
    expect(rows).toHaveLength(runs.size);
  });
});
