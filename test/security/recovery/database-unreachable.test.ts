import { expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { createApiKeys } from '../../../packages/postgres/src/index.ts';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { startProxy } from '../../../packages/postgres/test/support/proxy.ts';

test.runIf(postgresql)(
  'every route of the admin API answers 503 with a wait while the database is unreachable, and logs no failure',
  async () => {
    await using stack = new AsyncDisposableStack();
    const place = await postgresql?.place();
    if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
    stack.defer(() => place.remove());
    const proxy = await startProxy(place.options.url);
    stack.defer(() => proxy.close());
    const failures: object[] = [];
    const operator = { tenant: 'default', id: 'key_first', roles: ['owner', 'operator'], name: '', prefix: '' };
    let isKnown = false;
    const server = await startAdminServer(
      stack,
      { DATABASE_URL: proxy.url, BUSBAR_SECRET: 'long enough for a secret of a server' },
      ({ get, provide }) => {
        const log = get(tokens.log);
        const error = (fields: object) => void failures.push(fields);
        provide(tokens.log, () => Object.assign(Object.create(log), { error }) as typeof log);
        provide(tokens.apiKeys, () => {
          const keys = createApiKeys(get(tokens.database), get(tokens.clock));
          return { ...keys, use: async (key) => (isKnown ? operator : await keys.use(key)) };
        });
      },
    );
    const { paths } = (await server.ask(server.key, 'GET openapi.json')).json as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/admin/v1/', '').replace('{id}', 'x')}`),
    );
    expect(routes.length).toBeGreaterThan(10);
    const bodies: Record<string, object> = { 'POST keys': { name: 'x' } };
    const answers = async () => {
      const found: unknown[] = [];
      for (const route of routes) {
        const body = route.startsWith('POST') ? (bodies[route] ?? { code: 'RATE_LIMITED' }) : undefined;
        const { status, headers, json } = await server.ask(server.key, route, body);
        found.push([route, status, json?.title, Number(headers.get('retry-after')) > 0]);
      }
      return found;
    };
    const away = routes.map((route) => [route, 503, 'UNAVAILABLE', true]);

    proxy.cut();
    expect(await answers()).toEqual(away);
    // As if the database went away after it had checked the key.
    isKnown = true;
    expect(await answers()).toEqual(away);
    expect(failures).toEqual([]);
    proxy.mend();
    await expect.poll(async () => (await server.ask(server.key, 'GET keys')).status).toBe(200);
  },
);
