import { openDatabase } from '@busbar/postgres';
import { expect, test } from 'vitest';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { startProxy } from '../../../packages/postgres/test/support/proxy.ts';
import { noRedis } from '../../../packages/redis/test/servers.ts';
import { callTool, post } from './mcp-requests.ts';
import { startServing } from './server-process.ts';

const secret = 'the same on both replicas, and long enough';

/** Creates an empty database on the PostgreSQL server. It is dropped with the stack. */
async function emptyDatabase(stack: AsyncDisposableStack) {
  const place = await postgresql?.place();
  if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
  stack.defer(() => place.remove());
  return place.options;
}

test.runIf(postgresql)(
  'two servers share a PostgreSQL server: one first key is valid on both, and one table has the records of both',
  async () => {
    await using stack = new AsyncDisposableStack();
    const options = await emptyDatabase(stack);
    const env = { DATABASE_URL: options.url, BUSBAR_SECRET: secret };
    const servers = await Promise.all([startServing(stack, env), startServing(stack, env)]);
    const keys = servers.map(({ key }) => key).filter((key) => key !== '');
    expect(keys).toHaveLength(1);
    for (const { url } of servers) {
      const answer = await callTool({ url, key: keys[0] ?? '' }, 'zendesk_search_tickets', {});
      expect(answer).toMatchObject({ isError: false });
    }
    const database = await openDatabase(options);
    stack.defer(() => database.close());
    const rows = await database.db.selectFrom('calls').select(['tool', 'principal', 'status']).execute();
    expect(rows).toEqual(Array(2).fill({ tool: 'zendesk_search_tickets', principal: 'key_first', status: 'executed' }));
  },
);

test.runIf(postgresql)('a server whose database goes down is not ready, and recovers by itself when it is back', async () => {
  await using stack = new AsyncDisposableStack();
  const options = await emptyDatabase(stack);
  const proxy = await startProxy(options.url);
  stack.defer(() => proxy.close());
  const server = await startServing(stack, { DATABASE_URL: proxy.url, BUSBAR_SECRET: secret, LOG_LEVEL: 'silent' });
  const page = async (path: string) => {
    const response = await fetch(new URL(path, server.url), { headers: { authorization: `Bearer ${server.key}` } });
    return { status: response.status, body: (await response.json()) as object };
  };
  const ledger = { database: 'postgresql', settles: 'durable' };
  expect(await page('/health/detailed')).toMatchObject({ status: 200, body: { status: 'ready', ledger } });
  proxy.cut();
  await expect
    .poll(() => page('/health/ready'), { timeout: 10_000 })
    .toEqual({ status: 503, body: { status: 'unavailable', database: 'away' } });
  expect(await page('/health/detailed')).toMatchObject({ status: 200, body: { status: 'unavailable', ledger } });
  expect(await page('/health/live')).toMatchObject({ status: 200 });
  const refused = await callTool(server, 'zendesk_search_tickets', {});
  expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('UNAVAILABLE') });
  proxy.mend();
  await expect.poll(() => page('/health/ready'), { timeout: 10_000 }).toMatchObject({ status: 200, body: { status: 'ready' } });
  const answers = async () => (await callTool(server, 'zendesk_search_tickets', {})).isError;
  await expect.poll(answers, { timeout: 10_000 }).toBe(false);
});

test.runIf(postgresql && !noRedis)('two servers that share a Redis share the limit of a key', async () => {
  await using stack = new AsyncDisposableStack();
  const options = await emptyDatabase(stack);
  const env = {
    DATABASE_URL: options.url,
    BUSBAR_SECRET: secret,
    REDIS_URL: process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379',
    BUSBAR_CALLS_PER_MINUTE: '5',
    // Redis keeps limits by their rules, and no other run has this rule.
    BUSBAR_CALLS_PER_HOUR: String(10_000 + Math.floor(Math.random() * 80_000)),
  };
  const [one, two] = await Promise.all([startServing(stack, env), startServing(stack, env)]);
  const authorization = `Bearer ${one.key || two.key}`;
  const statuses: number[] = [];
  for (const { url } of [one, two, one, two, one, two, one]) statuses.push((await post(url, { authorization })).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
});
