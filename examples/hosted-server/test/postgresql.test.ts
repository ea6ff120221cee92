import { openDatabase } from '@busbar/postgres';
import { expect, test } from 'vitest';
import { postgresql } from '../../../packages/postgres/test/databases.ts';
import { callTool } from './mcp-requests.ts';
import { startServing } from './server-process.ts';

test.runIf(postgresql)(
  'two servers share a PostgreSQL server: one first key, good on both, and the usage of both in one table',
  async () => {
    await using stack = new AsyncDisposableStack();
    const place = await postgresql?.place();
    if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
    stack.defer(() => place.remove());
    const env = { DATABASE_URL: place.options.url };
    const servers = await Promise.all([startServing(stack, env), startServing(stack, env)]);
    const keys = servers.map(({ key }) => key).filter((key) => key !== '');
    expect(keys).toHaveLength(1);
    for (const { url } of servers) {
      const answer = await callTool({ url, key: keys[0] ?? '' }, 'zendesk_search_tickets', {});
      expect(answer).toMatchObject({ isError: false });
    }
    const database = await openDatabase(place.options);
    stack.defer(() => database.close());
    const rows = await database.db.selectFrom('usage').select(['tool', 'principal']).execute();
    expect(rows).toEqual(Array(2).fill({ tool: 'zendesk_search_tickets', principal: 'key_first' }));
  },
  60_000,
);
