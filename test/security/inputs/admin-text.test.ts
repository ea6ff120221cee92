import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer, type AdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { kinds } from '../../../packages/postgres/test/support/databases.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Route {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}

/** A request to the admin API, as `ask` takes it. */
type Request = readonly [what: string, body?: unknown];

const cursor = (...values: readonly string[]) => Buffer.from(JSON.stringify(values)).toString('base64url');

describe.each(kinds)('the admin API on $kind', ({ place }) => {
  const stack = new AsyncDisposableStack();
  let server: AdminServer;
  const failures: unknown[] = [];
  beforeAll(async () => {
    const at = await place();
    stack.defer(() => at.remove());
    const where = 'url' in at.options ? { DATABASE_URL: at.options.url } : { BUSBAR_DATA_DIR: at.options.folder };
    server = await startAdminServer(stack, { ...where, BUSBAR_SECRET: 'long enough for a secret of a server' }, ({ get, provide }) => {
      const log = get(tokens.log);
      const error = (fields: object) => void failures.push(fields);
      provide(tokens.log, () => Object.assign(Object.create(log), { error }) as typeof log);
    });
  });
  afterAll(() => stack.disposeAsync());

  const statusOf = async ([what, body]: Request) => (await server.ask(server.key, what, body)).status;

  /** The requests of a described route that have `text` in one place: each parameter, and each string of the body, in turn. */
  function requestsWith(text: string, method: string, path: string, { parameters = [], requestBody }: Route): Request[] {
    const encoded = encodeURIComponent(text.toWellFormed());
    const bare = path.replace('/admin/v1/', '');
    const what = `${method.toUpperCase()} ${bare}`;
    const fields = Object.entries(requestBody?.content['application/json'].schema.properties ?? {});
    return [
      ...parameters.map(({ name, in: place }): Request =>
        place === 'path' ? [what.replace(`{${name}}`, encoded)] : [`${what.replace(/\{\w+\}/, 'x')}?${name}=${encoded}`],
      ),
      ...fields.map(([name, { type }]): Request => [
        what,
        { ...(name !== 'name' && bare === 'keys' && { name: 'x' }), [name]: type === 'array' ? [text] : text },
      ]),
    ];
  }

  test('refuses text that a database cannot store, in every parameter and field, and as no failure of its own', async () => {
    const { paths } = (await server.ask(server.key, 'GET openapi.json')).json as { paths: Record<string, Record<string, Route>> };
    const requests = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, route]) => [
        ...requestsWith('a\u0000b', method, path, route),
        // An address cannot have half of a surrogate pair.
        ...requestsWith('\ud800', method, path, { ...route, parameters: [] }),
      ]),
    );
    expect(requests.length).toBeGreaterThan(40);
    const answers: [Request, number][] = [];
    for (const request of requests) answers.push([request, await statusOf(request)]);
    expect(answers.filter(([, status]) => status !== 400)).toEqual([]);
    expect(failures).toEqual([]);
  });

  test.each([
    ['calls?after=', cursor('1', 'x')],
    ['calls?after=', cursor('2026-01-01', 'x')],
    ['calls?after=', cursor('Thu, 01 Jan 2026 00:00:00 GMT', 'x')],
    ['calls?after=', cursor('+012026-01-01T00:00:00.000Z', 'x')],
    ['calls?after=', cursor('0000-01-01T00:00:00.000Z', 'x')],
    ['calls?after=', cursor('2026-01-01T00:00:00.000Z', 'x\u0000')],
    ['calls?after=', cursor('2026-01-01T00:00:00.000Z', '\ud800')],
    ['calls?after=', cursor('2026-01-01T00:00:00.000Z')],
    ['calls?after=', Buffer.from('[1,2]').toString('base64url')],
    ['calls?after=', 'x'.repeat(2_000)],
    ['usage?by=day&after=', cursor('1')],
    ['usage?by=day&after=', cursor('2026-02-31')],
    ['usage?by=tool,day&after=', cursor('x\u0000', '2026-01-01')],
    ['usage?by=tool&after=', cursor('x', 'y')],
    ['dead-letters?after=', `999999999999999%20${'0'.repeat(64)}`],
    ['dead-letters?after=', `1%20${'g'.repeat(64)}`],
    ['keys?after=', 'x%00'],
  ])('refuses the page position of no page: %s%s', async (path, position) => {
    expect(await statusOf([`GET ${path}${position}`])).toBe(400);
  });

  test.each([
    'usage?from=0000-01-01&until=0000-02-01',
    'usage?from=0000-01-01T00:00:00Z&until=0000-02-01',
    'usage?from=9999-12-01&until=9999-12-31T23:59:59-23:59',
    'usage?from=2026-02-30',
    'usage?from=1969-12-31&until=1970-02-01',
    'calls?from=9999-12-01&until=9999-12-31',
    'audit?from=0000-01-01T00:00:00Z',
    'audit?until=9999-12-31T23:59:59-23:59',
    'dead-letters?failedFrom=0000-01-01T00:00:00Z',
    'dead-letters?failedBefore=9999-12-31T23:59:59-23:59',
    'dead-letters?failedBefore=tomorrow',
    'calls?limit=1e9',
    'calls?limit=-1',
    'calls?limit=NaN',
  ])('refuses what is no time or no size: %s', async (path) => {
    expect(await statusOf([`GET ${path}`])).toBe(400);
  });

  test.each([
    'usage?from=1970-01-01&until=1970-02-01',
    'usage?from=9998-11-01&until=9998-12-31T23:59:59.999999999%2B00:00',
    'audit?from=1970-01-01T00:00:00Z&until=9998-12-31T00:00:00Z',
    `dead-letters?after=9999999999999%20${'0'.repeat(64)}`,
    `calls?after=${cursor('2026-01-01T00:00:00.000Z', 'x')}`,
    `usage?by=day&after=${cursor('2026-01-01')}`,
    'keys?after=%F0%9F%92%A9',
    'keys?after=%ED%A0%80',
  ])('accepts %s', async (path) => {
    expect(await statusOf([`GET ${path}`])).toBe(200);
  });

  test('describes a long mistake in a short answer', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`unknown${index}`, 1]));
    const { status, text } = await server.ask(server.key, 'POST keys', many);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(2_000);
  });
});
