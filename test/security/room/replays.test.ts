import { expect, test } from 'vitest';
import { startAdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';

const creates = 'POST /api/v2/tickets';

test('a tenant repeats its failed writes in two requests at a time, so that it cannot run calls without end', async () => {
  await using stack = new AsyncDisposableStack();
  const { ask, make, createTicket, sandbox } = await startAdminServer(stack);
  const owner = await make({ roles: ['owner'] });
  sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '0' }, match: creates, times: 100 });
  expect(await createTicket(owner)).toMatchObject({ isError: true });
  sandbox.recover();
  sandbox.misbehave({ kind: 'hang', match: creates, times: 100 });
  const before = sandbox.requests.filter(({ route }) => route === creates).length;
  const replay = () => ask(owner, 'POST dead-letters/replay', { tool: 'zendesk_create_ticket' });
  const running = [replay(), replay()];
  await sandbox.received(creates, before + 1);
  await expect.poll(async () => (await replay()).json.title).toBe('OVERLOADED');
  const other = await make({ tenant: 'acme', roles: ['owner'] });
  expect(await ask(other, 'POST dead-letters/replay', { tool: 'zendesk_create_ticket' })).toMatchObject({ status: 200 });
  sandbox.recover();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await replay()).status).toBe(200);
});
