import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseRefusal, openDatabase, type Database } from '../../src/index.ts';
import { postgresql, type Place } from '../support/databases.ts';
import { startProxy, type Proxy } from '../support/proxy.ts';

describe.runIf(postgresql)('the refusal for an error of a PostgreSQL server', () => {
  let at: Place | undefined;
  let proxy: Proxy;
  let database: Database;
  beforeAll(async () => {
    at = await postgresql?.place();
    if (!at || !('url' in at.options)) return;
    proxy = await startProxy(at.options.url);
    database = await openDatabase({ url: proxy.url });
  });
  afterAll(async () => {
    await database?.close();
    await proxy?.close();
    await at?.remove();
  });

  const handles = ['db', 'ledger', 'signIn', 'reports'] as const;
  const failureOf = (statement: string, handle: (typeof handles)[number] = 'db'): Promise<unknown> =>
    sql
      .raw(statement)
      .execute(database[handle])
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  test('that cut a statement off says to narrow the range', async () => {
    const error = await failureOf(`set statement_timeout = 10; select pg_sleep(10)`, 'reports');
    expect(databaseRefusal(error)).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('Narrow'), retryAfterMs: 5_000 });
  });

  test.each(handles)('that cannot be reached, or is lost during a statement of %s, says to try again', async (handle) => {
    await failureOf('select 1', handle);
    const lost = failureOf('select pg_sleep(10)', handle);
    const running = sql<{ count: number }>`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and query = 'select pg_sleep(10)' and state = 'active'`;
    const other = handle === 'db' ? 'reports' : 'db';
    await expect.poll(async () => (await running.execute(database[other])).rows[0]?.count).toBeGreaterThan(0);
    proxy.cut();
    for (const error of [await lost, await failureOf('select 1', handle)]) {
      const refusal = databaseRefusal(error);
      expect(refusal).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('cannot be reached'), retryAfterMs: 5_000 });
      expect(refusal?.message).not.toMatch(/127\.0\.0\.1|ECONN/);
    }
    proxy.mend();
  });

  test.each(["do $$ begin raise exception using errcode = '53300'; end $$", "do $$ begin raise exception using errcode = '40P01'; end $$"])(
    'that has no room or chose another transaction says to try again: %s',
    async (statement) => {
      expect(databaseRefusal(await failureOf(statement))).toMatchObject({ code: 'UNAVAILABLE' });
    },
  );

  test.each(['select 1 / 0', 'select from nothing_of_this_name', "select '\\x'::int"])(
    'does not exist for a wrong statement: %s',
    async (statement) => {
      expect(databaseRefusal(await failureOf(statement))).toBeUndefined();
    },
  );
});

test('errors of the program are no errors of the database', () => {
  for (const error of [new Error('a mistake'), new TypeError('no function'), 'text', undefined])
    expect(databaseRefusal(error)).toBeUndefined();
});
