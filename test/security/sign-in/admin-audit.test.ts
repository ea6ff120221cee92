import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportAudit, postgresAudit } from '../../../packages/postgres/src/index.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../examples/hosted-server/src/settings/config.ts';
import { startServer } from '../../../examples/hosted-server/src/server.ts';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer, type AdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { dataFolder } from '../../../examples/hosted-server/test/server-process.ts';

interface Entry {
  readonly event: string;
  readonly tenant?: string;
  readonly principal?: string;
  readonly address?: string;
  readonly subject?: string;
  readonly detail?: string;
}

/** The entries of an audit that are neither about its chains nor about calls. */
async function entriesOf({ get }: Pick<AdminServer, 'get'>): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const line of exportAudit(get(tokens.database))) {
    const { entries: lines = '' } = JSON.parse(line) as { entries?: string };
    entries.push(...lines.split('\n').flatMap((entry) => (entry === '' ? [] : [JSON.parse(entry) as Entry])));
  }
  return entries.filter(({ event }) => /^(key|admin|operator)\./.test(event));
}

describe('the audit of a server', () => {
  const stack = new AsyncDisposableStack();
  let server: AdminServer;
  beforeAll(async () => {
    server = await startAdminServer(stack);
  });
  afterAll(() => stack.disposeAsync());

  const idOf = async (key: string) => (await server.get(tokens.apiKeys).use(key))?.id;

  test('has the first key, with its rights', async () => {
    expect((await entriesOf(server))[0]).toEqual({
      event: 'key.created',
      at: expect.any(String),
      tenant: 'default',
      subject: 'key_first',
      detail: '{"roles":["operator","owner"],"toolsets":"all","name":"Made at the first start"}',
    });
  });

  test('has every refusal for want of a right in the admin API: who, from where, what and why', async () => {
    const owner = await server.make({ tenant: 'acme', roles: ['owner'], toolsets: ['tickets'] });
    const plain = await server.make({ tenant: 'acme' });
    const refusals: readonly (readonly [key: string, request: string, body: unknown, detail: RegExp])[] = [
      [plain, 'GET keys', undefined, /neither the role "owner" nor "operator"/],
      [owner, 'POST keys', { name: 'x', roles: ['operator'] }, /Only an operator can grant/],
      [owner, 'POST keys', { name: 'x', tenant: 'default' }, /its own tenant only/],
      [owner, 'POST keys', { name: 'x', toolsets: ['all of them'] }, /may not use all of them itself/],
      [owner, 'GET usage?tenant=default', undefined, /its own tenant only/],
      [owner, 'GET audit', undefined, /"operator"/],
      [owner, 'GET audit/verify', undefined, /"operator"/],
      [owner, 'GET reconcile', undefined, /"operator"/],
      [owner, 'POST dead-letters/discard', { tenant: 'default' }, /its own tenant only/],
      [plain, `DELETE keys/${plain}`, undefined, /neither the role/],
    ];
    for (const [key, request, body] of refusals) expect([request, (await server.ask(key, request, body)).status]).toEqual([request, 403]);
    const recorded = async () => (await entriesOf(server)).filter(({ event }) => event === 'admin.refused');
    await expect.poll(async () => (await recorded()).length).toBe(refusals.length);
    const principals = { [owner]: await idOf(owner), [plain]: await idOf(plain) };
    expect(await recorded()).toEqual(
      refusals.map(([key, request, , detail]) => ({
        event: 'admin.refused',
        at: expect.any(String),
        tenant: 'acme',
        principal: principals[key],
        address: expect.stringContaining('127.0.0.1'),
        subject: expect.stringContaining(request.split('?')[0]?.replace(' ', ' /admin/v1/').replace(plain, '[API key]') ?? ''),
        detail: expect.stringMatching(detail),
      })),
    );
  });

  test('has ten refusals of a key in a minute, so that no one fills it', async () => {
    const plain = await server.make({ tenant: 'globex' });
    for (let times = 0; times < 30; times += 1) expect((await server.ask(plain, 'GET keys')).status).toBe(403);
    const mine = async () => (await entriesOf(server)).filter(({ tenant, event }) => tenant === 'globex' && event === 'admin.refused');
    await expect.poll(async () => (await mine()).length).toBe(10);
    const other = await server.make({ tenant: 'initech' });
    await server.ask(other, 'GET keys');
    await expect.poll(async () => (await entriesOf(server)).some(({ tenant }) => tenant === 'initech')).toBe(true);
    expect(await mine()).toHaveLength(10);
  });

  test('has the rights of each key that is created or revoked, and hides none behind long names', async () => {
    const roles = [...Array.from({ length: 19 }, (_, index) => `${index} ${'"'.repeat(50)}`), 'operator'];
    const { json } = await server.ask(server.key, 'POST keys', { name: 'laptop', roles, toolsets: ['tickets'] });
    expect((await server.ask(server.key, `DELETE keys/${json.id}`)).status).toBe(200);
    const about = (await entriesOf(server)).filter(({ subject }) => subject === json.id);
    expect(about).toMatchObject([
      { event: 'key.created', principal: 'key_first', detail: expect.stringMatching(/^\{"roles":\["operator","0 /) },
      { event: 'key.revoked', principal: 'key_first', detail: expect.stringMatching(/^\{"roles":\["operator","0 /) },
    ]);
    const { json: small } = await server.ask(server.key, 'POST keys', { name: 'phone', roles: ['support'], toolsets: ['tickets'] });
    expect((await entriesOf(server)).find(({ subject }) => subject === small.id)?.detail).toBe(
      '{"roles":["support"],"toolsets":["tickets"],"name":"phone"}',
    );
  });

  test('is described so in the README', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../../examples/hosted-server/README.md'), 'utf8');
    expect(readme.replaceAll('\n', ' ')).toContain(
      'The audit records every call, every refusal for a missing right, every key that is created or revoked, with its rights, and every replay or discard of dead letters: who did it, from which address, and when. Of the refusals in the admin API, it records at most 10 of a key in a minute.',
    );
  });
});

test('a key that --new-key creates is in the audit, and none is created if that fails', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await dataFolder(stack);
  const config = readConfig({ PORT: '0', LOG_LEVEL: 'silent', BUSBAR_DATA_DIR: folder });
  await (await startServer(config)).close();
  let get: AdminServer['get'] | undefined;
  const again = await startServer(config, { newKey: true, override: (injector) => ({ get } = injector) });
  if (!get) throw new Error('was not asked for the injector');
  const keys = (await get(tokens.apiKeys).list({ limit: 10 })).keys;
  expect(keys).toHaveLength(2);
  const created = (await entriesOf({ get })).filter(({ event }) => event === 'key.created');
  expect(created.map(({ subject = '' }) => subject).sort()).toEqual(keys.map(({ id }) => id).sort());
  expect(created.at(-1)?.detail).toContain('Made with --new-key');
  await again.close();
  const failing = startServer(config, {
    newKey: true,
    override: ({ get: of, provide }) =>
      provide(tokens.audit, () => ({ ...postgresAudit(of(tokens.database)), record: () => Promise.reject(new Error('no audit')) })),
  });
  await expect(failing).rejects.toThrow('no audit');
  const last = await startServer(config, { override: (injector) => ({ get } = injector) });
  const valid = (await get(tokens.apiKeys).list({ limit: 10 })).keys.filter(({ revokedAt }) => revokedAt === undefined);
  expect(valid.map(({ id }) => id).sort()).toEqual(keys.map(({ id }) => id).sort());
  await last.close();
});
