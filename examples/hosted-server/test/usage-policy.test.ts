import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tokens } from '../src/tokens.ts';
import { startAdminServer } from './admin/admin-server.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

async function fileOf(content: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-usage-policy-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'rules.json'), JSON.stringify(content));
  return join(folder, 'rules.json');
}

test('a call beyond the quota of BUSBAR_QUOTAS is refused, at the prices of BUSBAR_PRICES', async () => {
  const { createTicket, key } = await startAdminServer(stack, {
    BUSBAR_QUOTAS: await fileOf([{ of: 'money', limit: '0.05', per: 'month', each: 'tenant' }]),
    BUSBAR_PRICES: await fileOf([{ connector: 'zendesk', perCall: '0.02' }]),
  });
  expect([(await createTicket(key)).isError, (await createTicket(key)).isError]).toEqual([false, false]);
  expect(await createTicket(key)).toMatchObject({ isError: true, text: expect.stringContaining('QUOTA_EXCEEDED') });
});

test('with BUSBAR_DURABLE_SETTLE=false, the health page says so, and a call is answered before its outcome is written', async () => {
  const { createTicket, key, url, ask, sandbox, get } = await startAdminServer(stack, { BUSBAR_DURABLE_SETTLE: 'false' });
  const health = await fetch(new URL('/health/detailed', url), { headers: { authorization: `Bearer ${key}` } });
  expect(await health.json()).toMatchObject({ ledger: { database: 'pglite', settles: 'queued' } });
  sandbox.misbehave({ kind: 'hang', match: 'POST /api/v2/tickets' });
  const answer = createTicket(key);
  await sandbox.received('POST /api/v2/tickets', 1);
  const held = Promise.withResolvers<void>();
  const holding = get(tokens.database)
    .db.transaction()
    .execute(() => held.promise);
  sandbox.recover();
  expect(await answer).toMatchObject({ isError: false });
  held.resolve();
  await holding;
  await expect.poll(async () => (await ask(key, 'GET calls')).json.calls).toMatchObject([{ status: 'executed' }]);
});

test('within BUSBAR_REPEAT_WINDOW_MS, a repeated write gets the first answer and is not executed again', async () => {
  const { createTicket, key, sandbox } = await startAdminServer(stack, { BUSBAR_REPEAT_WINDOW_MS: '60000' });
  const [first, second] = [await createTicket(key), await createTicket(key)];
  expect(second.structuredContent).toEqual(first.structuredContent);
  expect(sandbox.requests.filter(({ route }) => route === 'POST /api/v2/tickets')).toHaveLength(1);
});

test('links of the audit are deleted after BUSBAR_AUDIT_RETENTION_DAYS, and never without that setting', async () => {
  const dropped: number[] = [];
  for (const env of [{ BUSBAR_AUDIT_RETENTION_DAYS: '30' }, {}]) {
    const { createTicket, key, get } = await startAdminServer(stack, env);
    await createTicket(key);
    const at = new Date(Date.now() - 31 * 24 * 60 * 60_000);
    await get(tokens.database).db.updateTable('audit_links').set({ at }).execute();
    dropped.push((await get(tokens.audit).prune()).links);
  }
  expect(dropped).toEqual([expect.any(Number), 0]);
  expect(dropped[0]).toBeGreaterThan(0);
});

test('with BUSBAR_TRUST_PROXY, the audit has the address from the proxy', async () => {
  const { ask, key } = await startAdminServer(stack, { BUSBAR_TRUST_PROXY: 'true' });
  await ask(key, 'POST keys', { name: 'x' }, { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' });
  expect((await ask(key, 'GET audit')).text).toContain('203.0.113.7');
});
