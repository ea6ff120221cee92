import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../call-tool.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

const stack = new AsyncDisposableStack();
let server: TwoTenants;
beforeAll(async () => {
  server = await startTwoTenants(stack);
});
afterAll(() => stack.disposeAsync());

const letters = async () =>
  (await server.ask(server.red.owner, 'GET dead-letters')).json.letters as readonly { id: string; callId: string; principal: string }[];

test('a key that knows the id of another key’s failed call can neither remove its dead letter nor put another in its place', async () => {
  const { red } = server;
  const create = (key: string, subject: string, meta = {}) =>
    call({ url: server.url, key }, 'zendesk_create_ticket', { subject, body: 'It is urgent.' }, { meta });
  const refuse = () =>
    red.sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '100' }, match: 'POST /api/v2/tickets' });
  refuse();
  expect((await create(red.owner, 'Important')).code).toBe('RATE_LIMITED');
  const [letter] = await letters();
  red.sandbox.recover();
  for (const subject of ['Noise', 'Important'])
    for (const key of [letter?.callId, letter?.id, `dead-letter ${letter?.callId}`])
      await create(red.user, subject, { 'busbar/idempotencyKey': key });
  expect(await letters()).toEqual([letter]);
});
