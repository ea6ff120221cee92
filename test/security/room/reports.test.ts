import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer, type AdminAnswer, type AdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { post } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { sql } from '../../../packages/postgres/test/support/sql.ts';

describe.runIf(postgresql)('while the reports of a tenant take long', () => {
  const stack = new AsyncDisposableStack();
  let server: AdminServer;
  let owner: string;
  let other: string;
  beforeAll(async () => {
    const place = await postgresql?.place();
    if (!place || !('url' in place.options)) return;
    stack.defer(() => place.remove());
    server = await startAdminServer(stack, { DATABASE_URL: place.options.url, BUSBAR_SECRET: 'long enough for a secret of a server' });
    owner = await server.make({ tenant: 'acme', roles: ['owner'] });
    other = await server.make({ tenant: 'globex', roles: ['owner'] });
  });
  afterAll(() => stack.disposeAsync());

  /** Holds up every statement that reads the ledger while `during` runs, as a very large ledger would. */
  async function withSlowLedger(during: () => Promise<void>): Promise<void> {
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = server
      .get(tokens.database)
      .db.transaction()
      .execute(async (trx) => {
        await sql`lock table calls in access exclusive mode`.execute(trx);
        locked.resolve();
        await held.promise;
      });
    await locked.promise;
    try {
      await during();
    } finally {
      held.resolve();
      await holding;
    }
  }

  /** How many statements wait for the ledger. */
  async function waiting(): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
      server.get(tokens.database).db,
    );
    return rows[0]?.count ?? 0;
  }

  const paths = ['usage', 'calls', 'usage?format=csv', 'usage?by=tool', 'calls?limit=1'];
  const askFor = (count: number, key: string): Promise<AdminAnswer>[] =>
    Array.from({ length: count }, (_, index) => server.ask(key, `GET ${paths[index % paths.length]}`));
  const statuses = async (answers: readonly Promise<AdminAnswer>[]) =>
    (await Promise.all(answers)).map(({ status }) => status).sort((a, b) => a - b);

  test('two of them run and the others are refused at once, keys are checked, and the server is ready', async () => {
    const reports: Promise<AdminAnswer>[] = [];
    await withSlowLedger(async () => {
      reports.push(...askFor(20, owner));
      const refused = new Set<AdminAnswer>();
      for (const report of reports) void report.then((answer) => refused.add(answer));
      await expect.poll(() => refused.size).toBe(18);
      for (const { status, headers, json } of refused)
        expect([status, headers.get('retry-after'), json.title]).toEqual([503, '5', 'OVERLOADED']);
      await expect.poll(waiting).toBe(2);
      // A key that no cache knows.
      const fresh = await server.make({ tenant: 'initech' });
      expect((await post(server.url, { authorization: `Bearer ${fresh}` })).status).toBe(200);
      expect((await fetch(new URL('/health/ready', server.url))).status).toBe(200);
      expect((await server.ask(owner, 'POST keys', { name: 'while reports run' })).status).toBe(201);
      // A list of keys is a report.
      expect((await server.ask(owner, 'GET keys')).status).toBe(503);
    });
    expect(await statuses(reports)).toEqual([200, 200, ...Array<number>(18).fill(503)]);
    expect(await statuses(askFor(1, owner))).toEqual([200]);
  });

  test('another tenant gets a report, and no more run than have a connection', async () => {
    const reports: Promise<AdminAnswer>[] = [];
    await withSlowLedger(async () => {
      reports.push(...askFor(2, owner));
      await expect.poll(waiting).toBe(2);
      reports.push(...askFor(1, other));
      await expect.poll(waiting).toBe(3);
      for (const key of [other, server.key]) expect((await server.ask(key, 'GET usage')).status).toBe(503);
      // The check of an operator takes a place too.
      expect(await server.ask(server.key, 'GET reconcile')).toMatchObject({ status: 503, json: { title: 'OVERLOADED' } });
      // The other replicas' work on the same database.
      expect((await fetch(new URL('/health/ready', server.url))).status).toBe(200);
    });
    expect(await statuses(reports)).toEqual([200, 200, 200]);
  });

  test('a report that the database cuts off is refused with what to do, and its place is free again', async () => {
    let cut: Promise<AdminAnswer> | undefined;
    await withSlowLedger(async () => {
      cut = server.ask(owner, 'GET usage');
      await expect.poll(waiting).toBe(1);
      // As its time limit does.
      await sql`select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
        server.get(tokens.database).db,
      );
      await cut;
    });
    expect(await cut).toMatchObject({
      status: 503,
      json: { title: 'UNAVAILABLE', detail: expect.stringMatching(/took too long. Narrow/) },
    });
    expect(await statuses(askFor(2, owner))).toEqual([200, 200]);
  });

  test('downloads that no one reads leave reports their places, and a tenant gets no third', async () => {
    const { db } = server.get(tokens.database);
    // Rows of different keys, for more pages than a socket holds.
    await sql`
      insert into calls (call_id, tenant, principal, connector, connection, tool, effect, status, started_at, ended_at, replica)
      select 'generated-' || n, 'acme', 'key_' || repeat('x', 200) || n, 'zendesk', 'con', 'zendesk_get_ticket', 'read', 'executed', now(), now(), 'none'
      from generate_series(1, 50000) as n`.execute(db);
    const leave = new AbortController();
    const download = (key: string) =>
      fetch(new URL('/admin/v1/usage?by=key&format=csv', server.url), {
        headers: { authorization: `Bearer ${key}` },
        signal: leave.signal,
      });
    const begun = [await download(owner), await download(owner)];
    expect(begun.map(({ status }) => status)).toEqual([200, 200]);
    expect((await download(owner)).status).toBe(503);
    // Pages are read until the sockets are full.
    await expect.poll(() => statuses(askFor(2, owner))).toEqual([200, 200]);
    leave.abort();
    const read = async () => {
      const { status, text } = await server.ask(owner, 'GET usage?by=key&format=csv');
      return [status, text.split('\r\n').length];
    };
    await expect.poll(read).toEqual([200, 50_002]);
    await db.deleteFrom('calls').where('replica', '=', 'none').execute();
  });

  test('HEAD of a download takes a place for as long as its first page', async () => {
    const url = new URL('/admin/v1/usage?format=csv', server.url);
    const statuses: number[] = [];
    for (let times = 0; times < 10; times += 1)
      statuses.push((await fetch(url, { method: 'HEAD', headers: { authorization: `Bearer ${owner}` } })).status);
    expect(statuses).toEqual(Array(10).fill(200));
  });
});

test('a database in a folder runs one report at a time', async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startAdminServer(stack);
  const owner = await server.make({ tenant: 'acme', roles: ['owner'] });
  await server.ask(owner, 'GET usage');
  const held = Promise.withResolvers<void>();
  const holding = server
    .get(tokens.database)
    .db.transaction()
    .execute(() => held.promise);
  const keys = server.get(tokens.apiKeys);
  const lookups: string[] = [];
  Object.assign(keys, { use: async (key: string) => (lookups.push(key), { tenant: key, id: key, roles: ['owner'] }) });
  const both = ['one', 'two'].map((tenant) => server.ask(tenant, 'GET usage'));
  expect(await Promise.race(both)).toMatchObject({ status: 503, json: { title: 'OVERLOADED' } });
  held.resolve();
  await holding;
  expect((await Promise.all(both)).map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 503]);
});
