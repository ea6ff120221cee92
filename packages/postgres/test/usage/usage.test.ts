import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createUsage, openDatabase, type Database, type Usage, type UsageQuery, type UsageRow } from '../../src/index.ts';
import { kinds, type Place } from '../support/databases.ts';
import { ledgerRow, writeCalls } from './usage-rows.ts';

const at = (day: number, hour = 12, ms = 0) => new Date(Date.UTC(2026, 0, day, hour, 0, 0, ms));
const january = { from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 1, 1) };
const nothing = { calls: 0, charged: 0, replays: 0, failed: 0, units: 0, cost: 0n, upstreamRequests: 0, bytesOut: 0, tokensOut: 0 };

describe.each(kinds)('usage on $kind', (kind) => {
  let place: Place;
  let database: Database;
  let usage: Usage;
  let tenants = 0;
  beforeAll(async () => {
    place = await kind.place();
    database = await openDatabase(place.options);
    usage = createUsage(database);
  });
  afterAll(async () => {
    await database.close();
    await place.remove();
  });

  /** Creates a tenant for the test, with these calls. */
  async function tenantWith(rows: readonly Parameters<typeof ledgerRow>[0][]): Promise<string> {
    const tenant = `tenant-${(tenants += 1)}`;
    await writeCalls(
      database,
      rows.map((row) => ledgerRow({ tenant, ...row })),
    );
    return tenant;
  }
  const all = async (query: UsageQuery): Promise<readonly UsageRow[]> => {
    const { rows, next } = await usage.report({ ...query, limit: 1_000 });
    expect(next).toBeUndefined();
    return rows;
  };
  const textOf = async (chunks: AsyncIterable<string>): Promise<string> => {
    let text = '';
    for await (const chunk of chunks) text += chunk;
    return text;
  };

  test('adds up the usage and cost of calls', async () => {
    const tenant = await tenantWith([
      { units: 3, price: 60_000 },
      { status: 'cached', price: 0, upstream_requests: 0 },
      { ended_at: at(1, 12, 500) },
    ]);
    expect(await all({ ...january, tenant, by: [] })).toEqual([
      {
        ...nothing,
        group: {},
        calls: 3,
        charged: 3,
        units: 5,
        cost: 80_000n,
        upstreamRequests: 4,
        bytesOut: 1_200,
        tokensOut: 300,
        durationMs: 700,
        p50Ms: 100,
        p95Ms: 460,
      },
    ]);
  });

  test('counts replays separately: they cost nothing and have no duration', async () => {
    const tenant = await tenantWith([{}, { status: 'replayed', charged: false, price: 0, upstream_requests: 0, ended_at: at(1, 13) }]);
    expect(await all({ ...january, tenant, by: [] })).toMatchObject([
      { calls: 1, charged: 1, replays: 1, units: 1, cost: 20_000n, bytesOut: 800, durationMs: 100, p95Ms: 100 },
    ]);
  });

  test('an amount that is reserved for a running call is not a cost', async () => {
    const tenant = await tenantWith([{ status: 'running', wrote: null, price: 5_000_000, units: 9 }]);
    expect(await all({ ...january, tenant, by: [] })).toMatchObject([
      { calls: 1, charged: 0, units: 0, cost: 0n, durationMs: 0, p50Ms: undefined, p95Ms: undefined },
    ]);
  });

  test('a refunded call is counted and costs nothing', async () => {
    const tenant = await tenantWith([
      { status: 'failed', code: 'UPSTREAM_UNAVAILABLE', charged: false, price: 0, units: 4 },
      { status: 'failed' },
    ]);
    expect(await all({ ...january, tenant, by: [] })).toMatchObject([{ calls: 2, failed: 2, charged: 1, units: 1, cost: 20_000n }]);
  });

  test('costs are exact beyond the range of a number', async () => {
    const tenant = await tenantWith([{ price: '9000000000000000000' }, { price: '9000000000000000000' }, { price: 1 }]);
    const [row] = await all({ ...january, tenant, by: [] });
    expect(row?.cost).toBe(18_000_000_000_000_000_001n);
    expect(await textOf(usage.csv({ ...january, tenant, by: [] }))).toContain(',18000000000000.000001,');
  });

  test('days begin at midnight in UTC, and a call belongs to the day it began', async () => {
    const tenant = await tenantWith([{ started_at: at(3, 0) }, { started_at: new Date(at(3, 0).getTime() - 1), ended_at: at(3, 1) }]);
    const rows = await all({ ...january, tenant, by: ['day'] });
    expect(rows.map(({ group, calls }) => [group, calls])).toEqual([
      [{ day: '2026-01-02' }, 1],
      [{ day: '2026-01-03' }, 1],
    ]);
    const day = { from: at(3, 0).getTime(), until: at(4, 0).getTime() };
    expect(await all({ ...day, tenant, by: ['day'] })).toHaveLength(1);
    expect(await all({ from: at(2, 0).getTime(), until: at(3, 0).getTime(), tenant, by: ['day'] })).toMatchObject([
      { group: { day: '2026-01-02' } },
    ]);
  });

  test('groups by the given fields, sorted in their order', async () => {
    const tenant = await tenantWith([
      { principal: 'b', tool: 'x_1' },
      { principal: 'B', tool: 'x_2' },
      { principal: 'a', tool: 'x_2', connector: 'other' },
      { principal: 'a', tool: 'x_1', connector: 'other' },
    ]);
    const groups = async (by: UsageQuery['by']) => (await all({ ...january, tenant, by })).map(({ group }) => Object.values(group).join());
    expect(await groups(['key', 'tool'])).toEqual(['B,x_2', 'a,x_1', 'a,x_2', 'b,x_1']);
    expect(await groups(['tool', 'key'])).toEqual(['x_1,a', 'x_1,b', 'x_2,B', 'x_2,a']);
    expect(await groups(['connector'])).toEqual(['other', 'zendesk']);
    expect(await groups(['tenant', 'tenant'])).toEqual([tenant]);
  });

  test.each([[['day', 'key']], [['key', 'day']]] as const)('pages by %j return each row once', async (by) => {
    const tenant = await tenantWith(
      Array.from({ length: 35 }, (_, index) => ({ started_at: at(1 + (index % 5)), principal: `key_${index % 7}` })),
    );
    const whole = await all({ ...january, tenant, by });
    expect(whole).toHaveLength(35);
    const paged: UsageRow[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const { rows, next } = await usage.report({ ...january, tenant, by, limit: 4, after });
      expect(rows.length).toBeLessThanOrEqual(4);
      paged.push(...rows);
      after = next;
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBe(9);
    expect(paged).toEqual(whole);
  });

  test('refuses invalid ranges, limits and positions', async () => {
    const query = { ...january, by: ['day'], limit: 10 } as const;
    await expect(usage.report({ ...query, until: query.from })).rejects.toThrow(/^The range is empty/);
    await expect(usage.report({ ...query, from: Number.NaN })).rejects.toThrow(RangeError);
    await expect(usage.report({ ...query, until: query.from + 400 * 86_400_000 + 1 })).rejects.toThrow(/longer than 400 days/);
    await expect(usage.report({ ...query, until: query.from + 400 * 86_400_000 })).resolves.toBeDefined();
    for (const limit of [0, 1_001, 1.5]) await expect(usage.report({ ...query, limit })).rejects.toThrow(/^The limit/);
    for (const after of ['', 'x', 'WzFd', Buffer.from('["no day"]').toString('base64url')])
      await expect(usage.report({ ...query, after })).rejects.toThrow(/^The page position/);
    await expect(usage.calls({ ...query, limit: 1_001 })).rejects.toThrow(/^The limit/);
    await expect(usage.calls({ ...query, after: Buffer.from('["no time","x"]').toString('base64url') })).rejects.toThrow(
      /^The page position/,
    );
  });

  test('CSV has a header, and money with six decimals', async () => {
    const tenant = await tenantWith([{ price: 1_020_000 }, { status: 'running', wrote: null, started_at: at(2) }]);
    expect(await textOf(usage.csv({ ...january, tenant, by: ['day', 'tool'] }))).toBe(
      'day,tool,calls,charged,replays,failed,units,cost,upstream_requests,bytes_out,tokens_out,duration_ms,p50_ms,p95_ms\r\n' +
        '2026-01-01,zendesk_list_tickets,1,1,0,0,1,1.020000,2,400,100,100,100,100\r\n' +
        '2026-01-02,zendesk_list_tickets,1,0,0,0,0,0.000000,2,400,100,0,,\r\n',
    );
  });

  test.each([
    ['=1+2', "'=1+2"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@x', "'@x"],
    ['\tx', "'\tx"],
    ['\rx', '"\'\rx"'],
    ['a=1', 'a=1'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['=a\nb', '"\'=a\nb"'],
  ])('a CSV cell shows %j as plain text', async (principal, cell) => {
    const tenant = await tenantWith([{ principal }]);
    const csv = await textOf(usage.csv({ ...january, tenant, by: ['key'] }));
    expect(csv.slice(csv.indexOf('\r\n') + 2)).toBe(`${cell},1,1,0,0,1,0.020000,2,400,100,100,100,100\r\n`);
  });

  test('CSV continues after the first thousand rows, page by page', async () => {
    const tenant = await tenantWith(Array.from({ length: 1_001 }, (_, index) => ({ principal: `key_${index}` })));
    const chunks: string[] = [];
    for await (const chunk of usage.csv({ ...january, tenant, by: ['key'] })) chunks.push(chunk);
    expect(chunks).toHaveLength(3);
    expect(
      new Set(
        chunks
          .join('')
          .split('\r\n')
          .map((line) => line.split(',')[0]),
      ).size,
    ).toBe(1 + 1_001 + 1);
  });

  test('lists calls, newest first, including calls of the same moment', async () => {
    const tenant = await tenantWith(
      // Out of order, as the calls of several replicas arrive.
      [5, 4, 0, 6, 1, 3, 2].map((index) => ({ call_id: `list-${kind.kind}-${index}`, started_at: at(1 + (index >> 1)) })),
    );
    const first = await usage.calls({ ...january, tenant, limit: 4 });
    const rest = await usage.calls({ ...january, tenant, limit: 4, after: first.next });
    expect([...first.calls, ...rest.calls].map(({ callId }) => Number(callId.at(-1)))).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(rest.next).toBeUndefined();
  });

  test('lists the calls of one status, page by page', async () => {
    const tenant = await tenantWith(
      ['unknown', 'executed', 'unknown', 'failed', 'unknown'].map((status, index) => ({ status, started_at: at(index + 1) })),
    );
    const first = await usage.calls({ ...january, tenant, status: 'unknown', limit: 2 });
    const rest = await usage.calls({ ...january, tenant, status: 'unknown', limit: 2, after: first.next });
    expect([...first.calls, ...rest.calls].map(({ status, startedAt }) => [status, startedAt])).toEqual(
      [5, 3, 1].map((day) => ['unknown', at(day).getTime()]),
    );
  });

  test('a listed call has its own fields, and a running call has no end', async () => {
    const tenant = await tenantWith([
      { status: 'failed', code: 'NOT_FOUND', started_at: at(2) },
      { status: 'running', wrote: null, effect: 'write' },
    ]);
    const { calls } = await usage.calls({ ...january, tenant, limit: 10 });
    expect(calls).toMatchObject([
      { key: 'key_1', status: 'failed', code: 'NOT_FOUND', charged: true, price: 20_000, endedAt: at(2).getTime() + 100, effect: 'read' },
      { status: 'running', code: undefined, endedAt: undefined, effect: 'write' },
    ]);
  });
});
