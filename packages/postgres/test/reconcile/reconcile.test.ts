import { randomUUID } from 'node:crypto';
import type { Outcome, PriceRule, QuotaRule } from '@busbar/core';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { postgresAudit, postgresMetering, reconcile, type Database, type PostgresMetering } from '../../src/index.ts';
import { emptied, newClock, writerOn } from '../support/audits.ts';
import { kinds } from '../support/databases.ts';
import { admitToRun, callOf, ending, staying } from '../support/ledger.ts';

const quotas: readonly QuotaRule[] = (['calls', 'units', 'money'] as const).flatMap((of) => [
  { of, limit: 1_000_000, per: 'month', each: 'tenant' },
  { of, limit: 1_000_000, per: 'minute', each: 'key' },
]);
const prices: readonly PriceRule[] = [{ perCall: 500, perUnit: 20 }];

describe.each(kinds)('reconcile on $kind', (kind) => {
  const opened = emptied(kind);
  let database: Database;
  let clock = newClock();
  let metering: PostgresMetering;

  beforeEach(() => {
    database = opened();
    clock = newClock();
    metering = postgresMetering(database, { clock, replica: 'r1', quotas, prices, usageEvents: true });
  });

  /** A write that ended. */
  async function make(outcome: Outcome = ending('executed', 'yes'), key = randomUUID()): Promise<string> {
    const call = callOf({ key, units: 3 });
    await metering.settle(await admitToRun(metering, call), outcome);
    return call.callId;
  }
  const change = (statement: ReturnType<typeof sql>) => statement.execute(database.db);
  const problems = async () => (await reconcile(database, { clock })).problems;

  test('finds no difference for calls that ran, failed, were replayed, were swept or still run', async () => {
    const key = randomUUID();
    await make(ending('executed', 'yes'), key);
    await make(ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }));
    await make(ending('failed', 'no', { code: 'INVALID_INPUT' }));
    await make(ending('unknown', 'unknown', { code: 'OUTCOME_UNKNOWN' }));
    expect(await metering.admit(callOf({ key, units: 3 }), staying)).toMatchObject({ kind: 'replay' });
    const slow = await admitToRun(metering, callOf({ key: 'slow' }));
    await admitToRun(metering, callOf({ key: undefined, effect: 'read' }));
    const sweeper = postgresMetering(database, { clock, replica: 'r2', quotas, prices, usageEvents: true });
    await clock.advance(60_000);
    expect(await reconcile(database, { clock })).toMatchObject({ calls: 7, problems: [] });
    await change(sql`update calls set lease_until = started_at where status = 'running'`);
    expect(await sweeper.sweep()).toEqual({ unknown: 1, failed: 1 });
    expect(await problems()).toEqual([]);
    await metering.settle(slow, ending('executed', 'yes'));
    await metering.drain();
    await sweeper.drain();
    expect(await reconcile(database, { clock })).toMatchObject({ calls: 7, problems: [] });
  });

  test('reads everything at one moment, so calls may continue', async () => {
    const working = Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let index = 0; index < 10; index += 1) await make();
      }),
    );
    for (let times = 0; times < 3; times += 1) expect(await problems()).toEqual([]);
    await working;
    expect(await reconcile(database, { clock })).toMatchObject({ calls: 100, problems: [] });
  });

  test('a row without its entries is named, and so are entries without their row', async () => {
    const callId = await make();
    const added = randomUUID();
    await change(sql`
      insert into calls (call_id, tenant, principal, connector, connection, tool, effect, status, charged, started_at, ended_at, replica)
      select ${added}, tenant, principal, connector, connection, tool, effect, 'failed', false, started_at, ended_at, replica from calls`);
    await change(sql`update calls set call_id = 'x' || call_id where call_id = ${callId}`);
    await change(sql`update claims set call_id = 'x' || call_id`);
    await change(sql`update usage_outbox set call_id = 'x' || call_id`);
    expect((await problems()).toSorted()).toEqual(
      [
        `Call ${added}: it ended as failed in the ledger, and the audit has no call.ended of it.`,
        `Call ${added}: it is in the ledger, and the audit has no call.admitted of it.`,
        `Call ${callId}: the audit speaks of it, and it has no row in the ledger.`,
        `Call x${callId}: it ended as executed in the ledger, and the audit has no call.ended of it.`,
        `Call x${callId}: it is in the ledger, and the audit has no call.admitted of it.`,
      ].toSorted(),
    );
  });

  test('rows from before the audit, and rows of the old usage table, need no entries', async () => {
    await make();
    await change(sql`
      insert into calls (call_id, tenant, principal, connector, connection, tool, effect, status, started_at, ended_at, replica)
      select name, tenant, principal, connector, connection, tool, effect, status, started_at - before, ended_at, of
      from calls, (values ('early', interval '1 ms', 'r0'), ('usage', interval '0', 'usage')) as old (name, before, of)`);
    expect(await problems()).toEqual([]);
  });

  test('rows whose entries retention has dropped need none', async () => {
    await make();
    const dayMs = 24 * 60 * 60_000;
    await clock.advance(dayMs);
    const late = callOf({ startedAt: Date.UTC(2025, 11, 31) });
    await metering.settle(await admitToRun(metering, late), ending('executed', 'yes', { endedAt: clock.now() }));
    await clock.advance(1);
    const audit = postgresAudit(database, { clock, replica: 'r1', retentionMs: dayMs });
    await audit.closeLapsed();
    expect((await audit.prune()).links).toBeGreaterThan(0);
    expect(await reconcile(database, { clock })).toMatchObject({ calls: 2, problems: [] });
  });

  test('a row that was altered is named: who, what, how it ended, whether it was charged, what it cost', async () => {
    const callId = await make();
    await change(sql`update calls set tenant = 'other'`);
    const who = (tenant: string) => `["${tenant}", "key_1", "zendesk", "con_1", "zendesk_create_ticket", "write"]`;
    expect(await problems()).toEqual([`Call ${callId}: who called what is ${who('other')} in the ledger and ${who('acme')} in the audit.`]);
    await change(sql`update calls set tenant = 'acme', status = 'failed'`);
    const ended = (row: string) =>
      `Call ${callId}: how it ended (status, charged, price) is ${row} in the ledger and ["executed", true, 560] in the audit.`;
    expect(await problems()).toEqual([ended('["failed", true, 560]')]);
    await change(sql`update calls set status = 'executed', price = 559`);
    expect(await problems()).toContain(ended('["executed", true, 559]'));
    await change(sql`update calls set price = 560, charged = false`);
    expect(await problems()).toContain(ended('["executed", false, 560]'));
    await change(sql`update calls set charged = true, status = 'replayed'`);
    expect(await problems()).toContain(`Call ${callId}: it is replayed in the ledger, and call.admitted in the audit.`);
  });

  test('the last end of a call counts, and an end by its replica counts more than an end by a sweep', async () => {
    const callId = await make(ending('failed', 'yes', { code: 'INVALID_INPUT' }));
    const writer = writerOn(database, clock, 'r2');
    const end = { at: '2026-01-01T00:00:05.000Z', callId, tenant: 'acme', charged: true, price: 560 };
    await writer.write({ event: 'call.swept', ...end, status: 'unknown' });
    expect(await problems()).toEqual([]);
    await writer.write({ event: 'call.ended', ...end, status: 'executed' });
    expect(await problems()).toHaveLength(1);
    await writer.write({ event: 'call.admitted', ...end });
    expect(await problems()).toContain(`Call ${callId}: it began 2 times in the audit.`);
  });

  test.each(['calls', 'units', 'money'])('a counter of %s that does not match its calls is named', async (of) => {
    await make();
    const took = { calls: 1, units: 3, money: 560 }[of] ?? 0;
    await change(sql`update quota_counters set used = used + 1 where id like ${`${of} month%`}`);
    const id = `${of} month 2026-01 tenant ["acme"]`;
    expect(await problems()).toEqual([`Quota counter ${id}: it has ${took + 1} used, and the calls that count took ${took}.`]);
    await change(sql`delete from quota_counters where id like ${`${of} month%`}`);
    expect(await problems()).toEqual([`Quota counter ${id}: it has 0 used, and the calls that count took ${took}.`]);
  });

  test('a counter may be missing once its period is over, and not before', async () => {
    await make();
    await change(sql`delete from quota_counters where id like 'calls minute%'`);
    expect(await problems()).toEqual([
      'Quota counter calls minute 2026-01-01T00:00 key ["acme","key_1"]: it has 0 used, and the calls that count took 1.',
    ]);
    await clock.advance(60_000);
    expect(await problems()).toEqual([]);
    await change(sql`delete from quota_counters`);
    expect(await problems()).toHaveLength(3);
    await clock.advance(30 * 24 * 60 * 60_000);
    expect((await problems()).filter((problem) => problem.startsWith('Quota'))).toHaveLength(3);
    await clock.advance(24 * 60 * 60_000);
    expect((await problems()).filter((problem) => problem.startsWith('Quota'))).toEqual([]);
  });

  test('a claim without its call, and a claim that an ended call holds forever, are named', async () => {
    const callId = await make();
    const { id } = await database.db.selectFrom('claims').select('id').executeTakeFirstOrThrow();
    await change(sql`update claims set expires_at = null`);
    expect(await problems()).toEqual([`Claim ${id}: the call ${callId}, which holds it, ended as executed, and it never expires.`]);
    await change(sql`update claims set call_id = 'gone'`);
    expect(await problems()).toEqual([`Claim ${id}: the call gone, which holds it, has no row in the ledger.`]);
  });

  test('a call that runs long past its lease is named', async () => {
    const { call } = await admitToRun(metering, callOf());
    await change(sql`update calls set lease_until = '2025-12-31T23:50:00Z'`);
    expect(await problems()).toEqual([]);
    await clock.advance(1);
    expect(await problems()).toEqual([
      `Call ${call.callId}: it runs on r1, whose lease of it ended on 2025-12-31T23:50:00.000Z, and no sweep has ended it.`,
    ]);
  });

  test('a usage event without a charged call is named', async () => {
    const callId = await make(ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }));
    await change(sql`insert into usage_outbox (call_id, due_at) values (${callId}, now()), ('gone', now())`);
    expect((await problems()).toSorted()).toEqual(
      [`Usage event ${callId}: its call is failed and not charged.`, 'Usage event gone: there is no such call in the ledger.'].toSorted(),
    );
  });

  test('problems of the audit itself are named', async () => {
    await make();
    await change(sql`update audit_links set hash = reverse(hash) where link = 2`);
    expect(await problems()).toHaveLength(4);
  });

  test('metrics that differ from the ledger are named; running calls may not be counted yet', async () => {
    await make();
    await make();
    const counts = (count: number) => [
      { connector: 'zendesk', tool: 'zendesk_create_ticket', status: 'executed', count },
      { connector: 'zendesk', tool: 'zendesk_create_ticket', status: 'refused', count: 7 },
    ];
    const compare = async (count: number, running: number) =>
      (await reconcile(database, { clock, metrics: { replica: 'r1', counts: counts(count), running } })).problems;
    const problem = (count: number) => [
      `Replica r1, zendesk_create_ticket executed: the metrics count ${count} calls, and the ledger has 2.`,
    ];
    expect(await compare(2, 0)).toEqual([]);
    expect(await compare(1, 0)).toEqual(problem(1));
    expect(await compare(1, 1)).toEqual([]);
    expect(await compare(0, 1)).toEqual(problem(0));
    expect(await compare(3, 5)).toEqual(problem(3));
  });
});
