import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { post } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { kinds } from '../../../packages/postgres/test/support/databases.ts';

const madeUp = () => `bb_${randomBytes(32).toString('base64url')}`;

test.each(kinds)('a burst of made-up keys makes no other key fail, and is logged once, on $kind', async ({ place }) => {
  await using stack = new AsyncDisposableStack();
  const at = await place();
  stack.defer(() => at.remove());
  const where = 'url' in at.options ? { DATABASE_URL: at.options.url } : { BUSBAR_DATA_DIR: at.options.folder };
  const logged: { readonly fields: object; readonly message: string }[] = [];
  const settings = { ...where, BUSBAR_SECRET: 'long enough for a secret of a server', BUSBAR_TRUST_PROXY: 'true' };
  const server = await startAdminServer(stack, settings, ({ get, provide }) => {
    const log = get(tokens.log);
    const warn = (fields: object, message: string) => void logged.push({ fields, message });
    provide(tokens.log, () => Object.assign(Object.create(log), { warn }) as typeof log);
  });
  const good = await Promise.all(Array.from({ length: 20 }, (_, index) => server.make({ tenant: `t${index}`, roles: ['owner'] })));
  const show = async (key: string, address: string) =>
    (await post(server.url, { authorization: `Bearer ${key}`, 'x-forwarded-for': address })).status;
  const guesses = Array.from({ length: 500 }, () => show(madeUp(), '192.0.2.1'));
  const pages = Array.from({ length: 100 }, () => server.ask(madeUp(), 'GET keys', undefined, { 'x-forwarded-for': '192.0.2.1' }));
  const signedIn = await Promise.all(good.map((key) => show(key, '192.0.2.2')));
  const asked = await Promise.all(good.map((key) => server.ask(key, 'GET openapi.json', undefined, { 'x-forwarded-for': '192.0.2.2' })));
  expect([...signedIn, ...asked.map(({ status }) => status)]).toEqual(Array(40).fill(200));
  // Beyond its share, an address gets 503.
  const statuses = [...(await Promise.all(guesses)), ...(await Promise.all(pages)).map(({ status }) => status)];
  expect(statuses.filter((status) => status !== 401 && status !== 503)).toEqual([]);
  expect(statuses).toContain(401);
  const refusals = logged.filter(({ message }) => message.includes('API key was refused'));
  expect(refusals.map(({ fields }) => fields)).toEqual([{ address: '192.0.2.1' }]);
  expect(JSON.stringify(logged)).not.toMatch(/bb_/);
});
