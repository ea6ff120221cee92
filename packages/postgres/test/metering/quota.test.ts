import { manualClock } from '@busbar/core/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDatabase, postgresMetering, type Database, type PostgresMeteringOptions } from '../../src/index.ts';
import { kinds, type Place } from '../support/databases.ts';
import { admitToRun, callOf, ending, rowOf, staying } from '../support/ledger.ts';

const start = Date.UTC(2026, 0, 1);
const leaseMs = 30_000;
const quotas = [
  { of: 'calls', limit: 2, per: 'month', each: 'tenant' },
  { of: 'units', limit: 10, per: 'day', each: 'key' },
  { of: 'money', limit: 1_000, per: 'minute', each: 'tool' },
] as const;
const prices = [{ perCall: 100, perUnit: 10, free: ['cached'] }] as const;

describe.each(kinds)('quotas on $kind', ({ place }) => {
  let at: Place;
  let database: Database;
  let clock = manualClock(start);

  beforeAll(async () => {
    at = await place();
    database = await openDatabase(at.options);
  });
  afterAll(async () => {
    await database.close();
    await at.remove();
  });
  beforeEach(async () => {
    clock = manualClock(start);
    for (const table of ['calls', 'claims', 'quota_counters', 'usage_outbox', 'audit_links', 'audit_chains'] as const)
      await database.db.deleteFrom(table).execute();
  });

  const open = (options: PostgresMeteringOptions = {}) => postgresMetering(database, { clock, leaseMs, quotas, prices, ...options });
  const unkeyed = (over: Parameters<typeof callOf>[0] = {}) => callOf({ key: undefined, units: 3, ...over });
  const used = async () =>
    Object.fromEntries(
      (await database.db.selectFrom('quota_counters').select(['id', 'used']).orderBy('id').execute()).map((row) => [
        row.id,
        Number(row.used),
      ]),
    );
  const counters = {
    calls: 'calls month 2026-01 tenant ["acme"]',
    units: 'units day 2026-01-01 key ["acme","key_1"]',
    money: 'money minute 2026-01-01T00:00 tool ["acme","zendesk_create_ticket"]',
  };
  const taken = (calls: number, units: number, money: number) => ({
    [counters.calls]: calls,
    [counters.money]: money,
    [counters.units]: units,
  });

  test('the row of a call names the counters that it was counted in, with its amounts', async () => {
    const metering = open();
    const call = unkeyed();
    const admission = await admitToRun(metering, call);
    expect(await rowOf(database, call)).toMatchObject({ counters: [counters.calls, counters.units, counters.money], units: 3 });
    expect(await used()).toEqual(taken(1, 3, 130));
    await metering.settle(admission, ending('executed', 'yes'));
    expect(await used()).toEqual(taken(1, 3, 130));
  });

  test('a refusal names the quota and the end of its period, and writes nothing', async () => {
    const metering = open();
    await admitToRun(metering, unkeyed({ units: 10 }));
    const refused = unkeyed({ units: 1 });
    await expect(metering.admit(refused, staying)).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      retryAfterMs: 24 * 3_600_000,
      message: expect.stringContaining('The allowance of 10 units a day for this key is used up'),
    });
    expect(await rowOf(database, refused)).toBeUndefined();
    expect(await used()).toEqual(taken(1, 10, 200));
  });

  test('a sweep refunds a read, but not a write, which may have been executed', async () => {
    const gone = open();
    const [read, write] = [unkeyed({ effect: 'read' }), unkeyed()];
    await admitToRun(gone, read);
    await admitToRun(gone, write);
    await gone.drain();
    await clock.advance(leaseMs + 1);
    expect(await open().sweep()).toEqual({ unknown: 1, failed: 1 });
    expect(await used()).toEqual(taken(1, 3, 130));
    expect(await rowOf(database, read)).toMatchObject({ charged: false });
    expect(await rowOf(database, write)).toMatchObject({ charged: true });
  });

  test('a call that a sweep has charged stays charged, however its replica settles it later', async () => {
    const gone = open();
    const write = unkeyed();
    const admission = await admitToRun(gone, write);
    await gone.drain();
    await clock.advance(leaseMs + 1);
    await open().sweep();
    await gone.settle(admission, ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }));
    expect(await rowOf(database, write)).toMatchObject({ status: 'failed', charged: true });
    expect(await used()).toEqual(taken(1, 3, 130));
  });

  test('a counter whose row was dropped while this process knew it is created again', async () => {
    const metering = open();
    await metering.settle(await admitToRun(metering, unkeyed()), ending('executed', 'yes'));
    await database.db.deleteFrom('quota_counters').execute();
    await metering.settle(await admitToRun(metering, unkeyed()), ending('executed', 'yes'));
    expect(await used()).toEqual(taken(1, 3, 130));
  });

  test('counters are dropped a week after their period', async () => {
    const metering = open();
    await metering.settle(await admitToRun(metering, unkeyed()), ending('executed', 'yes'));
    await clock.advance(7 * 24 * 3_600_000 + 60_000 - 1);
    await metering.sweep();
    expect(Object.keys(await used())).toHaveLength(3);
    await clock.advance(1);
    await metering.sweep();
    expect(Object.keys(await used())).toEqual([counters.calls, counters.units]);
  });

  test('with usage events, each charged call is put into the outbox once', async () => {
    const metering = open({ usageEvents: true, quotas: [] });
    const calls = {
      executed: unkeyed(),
      cached: unkeyed({ effect: 'read' }),
      refunded: unkeyed({ effect: 'read' }),
      swept: unkeyed(),
      sweptRead: unkeyed({ effect: 'read' }),
    };
    await metering.settle(await admitToRun(metering, calls.executed), ending('executed', 'yes'));
    await metering.settle(await admitToRun(metering, calls.cached), ending('cached', 'no'));
    await metering.settle(await admitToRun(metering, calls.refunded), ending('failed', 'no', { code: 'INTERNAL' }));
    const gone = open({ usageEvents: true, quotas: [] });
    const late = await admitToRun(gone, calls.swept);
    await admitToRun(gone, calls.sweptRead);
    await gone.drain();
    await clock.advance(leaseMs + 1);
    await metering.sweep();
    await gone.settle(late, ending('executed', 'yes'));
    const rows = await database.db.selectFrom('usage_outbox').select('call_id').execute();
    expect(new Set(rows.map(({ call_id }) => call_id))).toEqual(
      new Set([calls.executed, calls.cached, calls.swept].map(({ callId }) => callId)),
    );
    expect(await rowOf(database, calls.cached)).toMatchObject({ price: expect.toSatisfy((price) => Number(price) === 0), charged: true });
  });

  test('a price holds from its first day to its last, and a new price does not change a running call', async () => {
    const rising = [
      { until: '2026-01-02', perCall: 100 },
      { from: '2026-01-02', perCall: 200 },
    ];
    const metering = open({ quotas: [], prices: rising });
    const [last, first] = [unkeyed({ startedAt: Date.UTC(2026, 0, 2) - 1 }), unkeyed({ startedAt: Date.UTC(2026, 0, 2) })];
    const admissions = [await admitToRun(metering, last), await admitToRun(metering, first)];
    const dearer = open({ quotas: [], prices: [{ perCall: 999 }] });
    for (const admission of admissions) await dearer.settle(admission, ending('executed', 'yes'));
    expect(Number((await rowOf(database, last))?.price)).toBe(100);
    expect(Number((await rowOf(database, first))?.price)).toBe(200);
  });

  test('queued settlements are answered before they are written, and are then written', async () => {
    const metering = open({ quotas: [], settle: 'queued' });
    const call = unkeyed();
    const admission = await admitToRun(metering, call);
    await metering.settle(admission, ending('executed', 'yes'));
    await metering.drain();
    expect(await rowOf(database, call)).toMatchObject({ status: 'executed', lease_until: null });
  });

  test('a queued settlement ends the renewal of its lease once it is written', async () => {
    const metering = open({ quotas: [], settle: 'queued' });
    await metering.settle(await admitToRun(metering, unkeyed()), ending('executed', 'yes'));
    await vi.waitFor(() => expect(clock.sleeping).toBe(0));
  });
});
