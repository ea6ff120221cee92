import { openDatabase } from '@busbar/postgres';
import { expect, test } from 'vitest';
import { postgresql } from '../../../../packages/postgres/test/support/databases.ts';
import { callTool, parseMessage, post } from '../mcp-requests.ts';
import { readLedger } from './checks.ts';
import { createClients } from './clients.ts';
import { findOverspending, quotaOf, quotaSetting } from './quotas.ts';
import { startReplicas } from './replicas.ts';
import { startVendor } from './vendor.ts';

/** Starts two replicas on an empty database, and creates a client. */
async function startTwo(stack: AsyncDisposableStack, env: Readonly<Record<string, string>> = {}) {
  const place = await postgresql?.place();
  if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
  stack.defer(() => place.remove());
  const { url } = place.options;
  const database = await openDatabase({ url });
  stack.defer(() => database.close());
  const vendor = await startVendor(stack);
  const secret = 'the same on both replicas, and long enough';
  const { urls } = await startReplicas(stack, 2, { ...vendor.env, DATABASE_URL: url, BUSBAR_SECRET: secret, ...env });
  return { database, vendor, urls, clients: await createClients(database, 200) };
}

test.runIf(postgresql)(
  '100 concurrent calls with one idempotency key on two replicas make one ticket and get 100 equal answers',
  async () => {
    await using stack = new AsyncDisposableStack();
    const { database, vendor, urls, clients } = await startTwo(stack);
    const message = {
      method: 'tools/call',
      params: {
        name: 'zendesk_create_ticket',
        arguments: { subject: 'one', body: 'First.' },
        _meta: { 'busbar/idempotencyKey': 'one' },
      },
    };
    const answers = await Promise.all(
      clients.slice(0, 100).map(({ key }, index) => post(urls[index % 2] ?? '', { authorization: `Bearer ${key}` }, message)),
    );
    const results = answers.map(({ body }) => (parseMessage(body) as { result?: unknown } | null)?.result);
    expect(results[0]).toMatchObject({ structuredContent: { subject: 'one' } });
    expect(results).toEqual(Array(100).fill(results[0]));
    expect([...vendor.writes()]).toMatchObject([['one', { arrived: 1, made: [expect.any(Number)] }]]);
    const statuses = (await readLedger(database)).calls.map(({ status }) => status).sort();
    expect(statuses).toEqual(['executed', ...Array<string>(99).fill('replayed')]);
  },
);

test.runIf(postgresql)('200 clients of two replicas spend exactly the 1,000 calls of a quota', async () => {
  await using stack = new AsyncDisposableStack();
  const quotas = [quotaOf('zendesk_search_tickets', 'tenant', 1_000)];
  const { database, urls, clients } = await startTwo(stack, await quotaSetting(stack, quotas));
  /** Calls until the quota is used up. */
  const spend = async (url: string, key: string): Promise<number> => {
    for (let answered = 0; ; answered += 1) {
      const { isError, text } = await callTool({ url, key }, 'zendesk_search_tickets', {});
      if (!isError) continue;
      expect(text).toMatch(/^QUOTA_EXCEEDED: /);
      return answered;
    }
  };
  const spent = await Promise.all(clients.map(({ key }, index) => spend(urls[index % 2] ?? '', key)));
  expect(spent.reduce((sum, answered) => sum + answered)).toBe(1_000);
  const { calls } = await readLedger(database);
  expect(calls.map(({ status }) => status)).toEqual(Array(1_000).fill('executed'));
  expect(await findOverspending(database, quotas)).toEqual([]);
});
