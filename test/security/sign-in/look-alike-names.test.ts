import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAdminServer, type AdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';

const stack = new AsyncDisposableStack();
let server: AdminServer;
beforeAll(async () => {
  server = await startAdminServer(stack);
});
afterAll(() => stack.disposeAsync());

const zeroWidth = 'acme\u200b';
const fullWidth = '\uff41cme';
const reversed = '\u202eemca';

test.each([
  ['tenant', (name: string) => ({ tenant: name })],
  ['name', (name: string) => ({ name })],
  ['role', (name: string) => ({ roles: [name] })],
  ['toolset', (name: string) => ({ toolsets: [name] })],
])('a %s that would look like another name is refused', async (_what, bodyOf) => {
  const make = async (name: string) => (await server.ask(server.key, 'POST keys', { name: 'laptop', roles: [], ...bodyOf(name) })).status;
  expect(await make('acme')).toBe(201);
  for (const name of [zeroWidth, fullWidth, reversed]) expect(await make(name), JSON.stringify(name)).toBe(400);
});

test.each(['Operator', 'OWNER', 'owneR'])('the role %s, which would mean nothing, is refused', async (role) => {
  expect((await server.ask(server.key, 'POST keys', { name: 'laptop', roles: [role] })).status).toBe(400);
});
