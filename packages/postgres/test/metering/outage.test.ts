import type { Call } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase, postgresMetering, type Database, type PostgresMetering } from '../../src/index.ts';
import { pglite, postgresql } from '../support/databases.ts';
import { admitToRun, callOf, ending, rowOf, staying } from '../support/ledger.ts';
import { startProxy, type Proxy } from '../support/proxy.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('a closed PGlite refuses calls without showing its error', async () => {
  const at = await pglite.place();
  ends.push(() => at.remove());
  const database = await openDatabase(at.options);
  const metering = postgresMetering(database);
  ends.push(() => metering.drain());
  const admission = await admitToRun(metering, callOf());
  await database.close();
  const refusal = { code: 'UNAVAILABLE', message: 'This server cannot record calls at the moment. Try again in a few seconds.' };
  await expect(metering.admit(callOf({ key: 'k2' }), staying)).rejects.toMatchObject(refusal);
  await expect(metering.settle(admission, ending('executed', 'yes'))).rejects.toMatchObject(refusal);
  await expect(metering.report({ connector: 'c', connection: 'c', accepted: 'a', outcome: 'delivered' })).rejects.toMatchObject(refusal);
});

describe.runIf(postgresql)('with a PostgreSQL server that goes down and comes back', () => {
  let proxy: Proxy;
  let clock = manualClock();
  /** A connection that bypasses the proxy. */
  let direct: Database;
  let metering: PostgresMetering;

  beforeEach(async () => {
    if (!postgresql) return;
    const at = await postgresql.place();
    ends.push(() => at.remove());
    direct = await openDatabase(at.options);
    ends.push(() => direct.close());
    proxy = await startProxy((at.options as { url: string }).url);
    ends.push(() => proxy.close());
    const viaProxy = await openDatabase({ url: proxy.url });
    ends.push(() => viaProxy.close());
    clock = manualClock();
    metering = postgresMetering(viaProxy, { clock });
    ends.push(() => metering.drain());
  });

  /** Opens connections and the audit's chains, so that the next write is one statement whose reply can be held back. */
  const warmUp = async () => {
    await metering.settle(await admitToRun(metering, callOf({ key: 'warm' })), ending('executed', 'yes'));
  };

  const callsAndClaims = () =>
    Promise.all((['calls', 'claims'] as const).map((table) => direct.db.selectFrom(table).selectAll().execute()));

  test('calls are refused as UNAVAILABLE and nothing is claimed; it recovers by itself', async () => {
    proxy.cut();
    const refused = Array.from({ length: 20 }, () => metering.admit(callOf(), staying));
    for (const result of await Promise.allSettled(refused)) expect(result).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    expect(await callsAndClaims()).toEqual([[], []]);
    proxy.mend();
    await metering.settle(await admitToRun(metering, callOf()), ending('executed', 'yes'));
    expect(await metering.admit(callOf(), staying)).toMatchObject({ kind: 'replay' });
  });

  test('a duplicate call that waits during the outage is refused as UNAVAILABLE', async () => {
    await admitToRun(postgresMetering(direct, { clock, replica: 'other' }), callOf());
    const duplicate = metering.admit(callOf(), staying);
    const refused = expect(duplicate).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    while (clock.sleeping === 0) await direct.ping();
    proxy.cut();
    await clock.advance(100);
    await refused;
  });

  test('a settle rejects, and the record later matches the caller’s answer: unknown after a write, else failed', async () => {
    const [wrote, harmless] = [callOf({ key: 'wrote' }), callOf({ key: 'harmless' })];
    const admissions = [await admitToRun(metering, wrote), await admitToRun(metering, harmless)] as const;
    proxy.cut();
    const settled = [metering.settle(admissions[0], ending('executed', 'yes')), metering.settle(admissions[1], ending('executed', 'no'))];
    for (const result of await Promise.allSettled(settled)) expect(result).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    await clock.advance(1_000);
    proxy.mend();
    await expect.poll(async () => (await clock.advance(1_000), await rowOf(direct, wrote))).toMatchObject({ status: 'unknown' });
    expect(await rowOf(direct, wrote)).toMatchObject({
      wrote: 'unknown',
      code: 'OUTCOME_UNKNOWN',
      upstream_requests: 2,
      lease_until: null,
    });
    expect(await rowOf(direct, harmless)).toMatchObject({ status: 'failed', wrote: 'no', code: 'UNAVAILABLE', charged: false });
    await expect(metering.admit(callOf({ key: 'wrote' }), staying)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await admitToRun(metering, callOf({ key: 'harmless' }));
  });

  test('an admission whose reply was lost is undone', async () => {
    await warmUp();
    const call = callOf();
    proxy.mute();
    const admitted = metering.admit(call, staying);
    const refused = expect(admitted).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect.poll(() => rowOf(direct, call)).toMatchObject({ status: 'running' });
    proxy.cut();
    await refused;
    proxy.mend();
    await expect.poll(async () => (await clock.advance(1_000), await rowOf(direct, call))).toMatchObject({ status: 'failed', wrote: 'no' });
    await admitToRun(metering, callOf());
  });

  /** Loses the reply to a settlement, and resolves once that settlement has been retried. */
  const loseReplyToEnd = async (call: Call) => {
    await warmUp();
    const sign = callOf({ key: undefined, effect: 'read' });
    const [admission, signAdmission] = [await admitToRun(metering, call), await admitToRun(metering, sign)];
    proxy.mute();
    const refused = expect(metering.settle(admission, ending('executed', call.effect === 'read' ? 'no' : 'yes'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect.poll(() => rowOf(direct, call)).toMatchObject({ status: 'executed' });
    proxy.cut();
    await refused;
    // This settlement is not written, and is retried in one write with the other.
    await expect(metering.settle(signAdmission, ending('executed', 'no'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    proxy.mend();
    await expect.poll(async () => (await clock.advance(1_000), await rowOf(direct, sign))).toMatchObject({ status: 'failed' });
  };

  test('a settlement whose reply was lost stays as it was written', async () => {
    const call = callOf();
    await loseReplyToEnd(call);
    expect(await rowOf(direct, call)).toMatchObject({ status: 'executed', wrote: 'yes' });
    expect(await metering.admit(callOf(), staying)).toMatchObject({ kind: 'replay' });
  });

  test('a read that cannot be recorded is refused as UNAVAILABLE; a read whose reply alone was lost is refused too, and stays charged', async () => {
    await warmUp();
    const [lost, never] = [callOf({ key: undefined, effect: 'read' }), callOf({ key: undefined, effect: 'read' })];
    proxy.mute();
    const refused = expect(metering.record(lost, ending('executed', 'no'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect.poll(() => rowOf(direct, lost)).toMatchObject({ status: 'executed' });
    proxy.cut();
    await refused;
    await expect(metering.record(never, ending('executed', 'no'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    proxy.mend();
    await expect
      .poll(() => metering.record(callOf({ key: undefined, effect: 'read' }), ending('executed', 'no')).then(() => 'recorded', String))
      .toBe('recorded');
    expect(await rowOf(direct, lost)).toMatchObject({ status: 'executed', charged: true });
    expect(await rowOf(direct, never)).toBeUndefined();
  });

  test('a read whose settlement was written but its reply lost is refused as UNAVAILABLE, and stays charged', async () => {
    const read = callOf({ key: undefined, effect: 'read' });
    await loseReplyToEnd(read);
    expect(await rowOf(direct, read)).toMatchObject({ status: 'executed', charged: true });
  });

  describe('with queued settlements', () => {
    /** Makes a write and a read whose callers have their answers, but whose settlements could not be written. */
    const answerUnwritten = async () => {
      const viaProxy = await openDatabase({ url: proxy.url });
      ends.push(() => viaProxy.close());
      const queued = postgresMetering(viaProxy, { clock, settle: 'queued' });
      ends.push(() => queued.drain());
      const [write, read] = [callOf(), callOf({ key: undefined, effect: 'read' })];
      const admissions = [await admitToRun(queued, write), await admitToRun(queued, read)] as const;
      proxy.cut();
      await queued.settle(admissions[0], ending('executed', 'yes'));
      await queued.settle(admissions[1], ending('executed', 'no'));
      return { queued, write, read };
    };

    test('a settlement that could not be written is written when the database is back, and matches the caller’s answer', async () => {
      const { write, read } = await answerUnwritten();
      await clock.advance(1_000);
      expect(await rowOf(direct, write)).toMatchObject({ status: 'running' });
      proxy.mend();
      await expect.poll(async () => (await clock.advance(1_000), await rowOf(direct, write))).toMatchObject({ status: 'executed' });
      await expect.poll(async () => (await clock.advance(1_000), await rowOf(direct, read))).toMatchObject({ status: 'executed' });
    });

    test('a settlement that was lost with its process: a sweep ends the write as unknown, the read as failed and refunded', async () => {
      const { queued, write, read } = await answerUnwritten();
      await queued.drain();
      proxy.mend();
      await clock.advance(30_001);
      const other = postgresMetering(direct, { clock });
      expect(await other.sweep()).toEqual({ unknown: 1, failed: 1 });
      expect(await rowOf(direct, write)).toMatchObject({ status: 'unknown', charged: true });
      expect(await rowOf(direct, read)).toMatchObject({ status: 'failed', charged: false });
      await expect(other.admit(callOf(), staying)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    });
  });

  test('its connections may break again and again: every settled call is in the ledger, and the others are refused', async () => {
    const settled: string[] = [];
    let refused = 0;
    const worker = async (name: number) => {
      for (let index = 0; index < 40; index += 1) {
        const call = callOf({ key: `${name}-${index}` });
        try {
          await metering.settle(await admitToRun(metering, call), ending('executed', 'yes'));
          settled.push(call.callId);
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNAVAILABLE' });
          refused += 1;
        }
      }
    };
    let busy = true;
    const working = Promise.all(Array.from({ length: 20 }, (_, name) => worker(name))).finally(() => (busy = false));
    while (busy) {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
        direct.db,
      );
      // Waits for progress between two outages, even on a busy machine. This pool has the one connection that was not ended.
      for (const before = settled.length; busy && settled.length === before;) await sql`select 1`.execute(direct.db);
    }
    await working;
    const rows = await direct.db.selectFrom('calls').select('call_id').where('status', '=', 'executed').execute();
    const executed = new Set(rows.map(({ call_id }) => call_id));
    expect(settled.filter((callId) => !executed.has(callId))).toEqual([]);
    expect(settled.length + refused).toBe(800);
    expect(settled.length).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});
