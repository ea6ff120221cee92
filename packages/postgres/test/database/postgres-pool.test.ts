import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { databaseRefusal } from '../../src/database/errors.ts';
import { postgresPool, type PoolUse } from '../../src/database/postgres-pool.ts';
import { postgresql } from '../support/databases.ts';
import { startProxy } from '../support/proxy.ts';

describe.runIf(postgresql)('a pool of connections to PostgreSQL', () => {
  let url = '';

  beforeAll(async () => {
    const at = await postgresql?.place();
    if (at && 'url' in at.options) url = at.options.url;
    return at?.remove;
  });

  /** A pool of one connection, so that the next request would get the released connection. */
  function poolOf(use: PoolUse, limits: pg.PoolConfig = {}) {
    const raw = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 5_000, ...limits });
    raw.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
    const pool = postgresPool(raw, use);
    onTestFinished(() => pool.end());
    /** Runs statements on a connection and releases it, even if they fail. */
    const query = async (text: string, values: readonly unknown[] = []): Promise<unknown[]> => {
      const client = await pool.connect();
      try {
        return (await client.query<unknown>(text, values)).rows;
      } finally {
        client.release();
      }
    };
    return { raw, pool, query, pid: () => query('select pg_backend_pid() as pid') };
  }
  const prepared = 'select statement from pg_prepared_statements';

  test('a connection whose settings cannot be set is closed, and the next request opens another', async () => {
    const { raw, pool } = poolOf({ settings: 'set no_such_setting = 1' });
    for (let times = 0; times < 3; times += 1) await expect(pool.connect()).rejects.toThrow('no_such_setting');
    expect([raw.totalCount, raw.waitingCount]).toEqual([0, 0]);
  });

  test('a request that finds no free connection is refused because the server is busy, not because the database is down', async () => {
    const { pool, query } = poolOf({}, { connectionTimeoutMillis: 100 });
    const client = await pool.connect();
    const error: unknown = await query('select 1').catch((thrown: unknown) => thrown);
    expect(databaseRefusal(error)).toMatchObject({ code: 'OVERLOADED', message: expect.stringContaining('busy'), retryAfterMs: 5_000 });
    client.release();
    const { query: unreachable } = poolOf({}, { connectionString: 'postgres://127.0.0.1:1/none' });
    expect(databaseRefusal(await unreachable('select 1').catch((thrown: unknown) => thrown))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('settings run once per connection, before its first use', async () => {
    const { query } = poolOf({ settings: "set application_name = 'made'" });
    expect(await query('show application_name')).toEqual([{ application_name: 'made' }]);
    await query("set application_name = 'changed'");
    expect(await query('show application_name')).toEqual([{ application_name: 'changed' }]);
  });

  test('a connection whose reply was lost is not used again', async () => {
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    const { query, pid } = poolOf({ timeoutMs: 300 }, { connectionString: proxy.url });
    const before = await pid();
    proxy.mute();
    await expect(query('select 1')).rejects.toThrow('timeout');
    proxy.mend();
    const after = await pid();
    expect(after).not.toEqual(before);
    expect(await pid()).toEqual(after);
  });

  test('a connection is used again after an error that the server reported', async () => {
    const { query, pid } = poolOf({});
    const before = await pid();
    await expect(query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    expect(await pid()).toEqual(before);
  });

  test('a statement is prepared once per connection, for any values', async () => {
    const { query } = poolOf({ prepare: true });
    for (const value of ['a', 'b', 'c']) expect(await query('select $1::text as value', [value])).toEqual([{ value }]);
    expect(await query(prepared)).toEqual([{ statement: 'select $1::text as value' }, { statement: prepared }]);
  });

  test('every connection prepares its own statements', async () => {
    const { pool } = poolOf({ prepare: true }, { max: 2 });
    const clients = [await pool.connect(), await pool.connect()];
    for (const client of clients) {
      await client.query('select $1::text', ['a']);
      expect((await client.query(prepared, [])).rows).toHaveLength(2);
    }
    for (const client of clients) client.release();
  });

  test('nothing is prepared by default', async () => {
    const { query } = poolOf({});
    await query('select $1::text', ['a']);
    expect(await query(prepared)).toEqual([]);
  });

  test('at most 100 statements are prepared, and others still run', async () => {
    const { query } = poolOf({ prepare: true });
    for (let index = 0; index < 105; index += 1) {
      const name = `v${randomUUID().replaceAll('-', '')}`;
      expect(await query(`select $1::int as ${name}`, [index])).toEqual([{ [name]: index }]);
    }
    expect(await query(prepared)).toHaveLength(100);
  });
});
