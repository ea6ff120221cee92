import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { kinds } from '../../../packages/postgres/test/support/databases.ts';
import { call } from '../call-tool.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

/** Text that means something to SQL, to arrays and JSON in PostgreSQL, to patterns, to shells or to a screen. */
const texts = [
  `'; drop table api_keys; --`,
  `' or '1'='1`,
  `') or 1=1 --`,
  `'||(select hash from api_keys limit 1)||'`,
  `" or ""="`,
  `$1`,
  `$$; delete from calls; $$`,
  `\\'; --`,
  `%`,
  `_____`,
  `{"red","green"}`,
  `{red,operator}`,
  `["operator"]`,
  `null`,
  `E'\\x00'`,
  '`id`$(id)',
  '=HYPERLINK("http://evil.example.com","x")',
  '\u001b[2J\u001b[31mred\u0007',
  'a\r\nb\u0085c\u2028d',
  '\u202egnp.exe',
  '😀'.repeat(20),
  '\ud800',
];

describe.each(kinds)('on $kind', ({ place }) => {
  const stack = new AsyncDisposableStack();
  let server: TwoTenants;
  beforeAll(async () => {
    const at = await place();
    stack.defer(() => at.remove());
    const where = 'url' in at.options ? { DATABASE_URL: at.options.url } : { BUSBAR_DATA_DIR: at.options.folder };
    server = await startTwoTenants(stack, { ...where, BUSBAR_SECRET: 'a secret of the tests, which is long enough' });
  });
  afterAll(() => stack.disposeAsync());

  const counts = async () => {
    const { db } = server.get(tokens.database);
    const tables = ['api_keys', 'calls', 'claims', 'dead_letters', 'audit_links'] as const;
    return await Promise.all(tables.map(async (table) => (await db.selectFrom(table).selectAll().execute()).length));
  };

  test('every text in a key’s record comes back as it was sent, or is refused', async () => {
    for (const text of texts) {
      const before = (await server.ask(server.key, 'GET keys?limit=200')).json.keys.length;
      const wanted = { tenant: `t${text}`, name: `n${text}`, roles: [`r${text}`], toolsets: [`s${text}`, text] };
      const { status, json } = await server.ask(server.key, 'POST keys', wanted);
      expect([201, 400], text).toContain(status);
      const { keys } = (await server.ask(server.key, 'GET keys?limit=200')).json;
      expect(keys).toHaveLength(status === 201 ? before + 1 : before);
      if (status !== 201) continue;
      // The database’s encoding has no half of a surrogate pair.
      const kept = JSON.parse(JSON.stringify(wanted).replaceAll('\\ud800', '\ufffd')) as typeof wanted;
      const trimmed = { ...kept, name: kept.name.trim(), tenant: kept.tenant.trim() };
      expect(keys.find(({ id }: { id: string }) => id === json.id)).toMatchObject({ ...trimmed, roles: [kept.roles[0]?.trim()] });
      const own = await server.ask(json.key, 'GET keys');
      expect(own.status).toBe(403);
    }
  });

  test('no text in a query selects more than what is equal to it, or changes anything', async () => {
    const before = await counts();
    const ask = async (key: string, path: string, expected: readonly number[]) => {
      const { status, text, json } = await server.ask(key, `GET ${path}`);
      expect(expected, path).toContain(status);
      expect(text).not.toMatch(/blue|syntax error|at or near|relation "/);
      return json;
    };
    const words = texts.map((text) => encodeURIComponent(text.toWellFormed()));
    // One request at a time, because a tenant runs two reports at a time.
    const each = async (requests: (word: string) => readonly (() => Promise<unknown>)[], some = words) => {
      const answers: unknown[] = [];
      for (const request of some.flatMap(requests)) answers.push(await request());
      return answers;
    };
    // Text that reaches the database.
    const rows = await each((word) => [
      ...['keys', 'calls', 'usage', 'dead-letters', 'quotas'].map((list) => () => ask(server.key, `${list}?tenant=${word}`, [200, 400])),
      ...['tool', 'connector'].map((field) => () => ask(server.red.owner, `dead-letters?${field}=${word}`, [200, 400])),
      () => ask(server.red.owner, `dead-letters/${word}`, [404, 400]),
    ]);
    const found = rows.flatMap((page: any) => [...(page.keys ?? []), ...(page.calls ?? []), ...(page.rows ?? []), ...(page.letters ?? [])]);
    expect(found.filter(({ tenant }) => tenant === undefined || texts.every((text) => tenant !== `t${text}`.trim()))).toEqual([]);
    await each((word) => [
      () => ask(server.red.owner, `keys?after=${word}`, [200, 400]),
      () => ask(server.red.owner, `keys?tenant=${word}`, [400, 403]),
    ]);
    // Text that must not reach it.
    const paths = ['calls?after=', 'usage?after=', 'dead-letters?after=', 'keys?limit=', 'calls?from=', 'calls?status=', 'usage?by='];
    await each((word) => paths.map((path) => () => ask(server.red.owner, path + word, [400])), words.slice(0, 6));
    const changes = texts.flatMap((text) =>
      [{ ids: [text] }, { tool: text }, { tenant: text }].flatMap((body) => [
        () => server.ask(server.red.owner, 'POST dead-letters/discard', body),
        () => server.ask(server.red.owner, 'POST dead-letters/replay', body),
      ]),
    );
    for (const change of changes) expect([200, 400, 403]).toContain((await change()).status);
    for (const word of words) expect([400, 404]).toContain((await server.ask(server.red.owner, `DELETE keys/${word}`)).status);
    // What was done is in the audit, and nothing else has changed.
    expect((await counts()).slice(0, -1)).toEqual(before.slice(0, -1));
  });

  test('no text of a call becomes SQL: its arguments, its keys and its names are recorded as they are', async () => {
    const { red } = server;
    const { db } = server.get(tokens.database);
    for (const text of texts.filter((each) => each.isWellFormed())) {
      const meta = { 'busbar/idempotencyKey': text.slice(0, 255) };
      const subject = text.slice(0, 255);
      const answer = await call({ url: server.url, key: red.user }, 'zendesk_create_ticket', { subject, body: text }, { meta });
      expect(['fine', 'INVALID_INPUT'], text).toContain(answer.code);
      if (answer.code === 'fine') expect(red.sandbox.tickets.get(Number(answer.structuredContent['id']))?.subject).toBe(subject.trim());
      const unknown = await call({ url: server.url, key: red.user }, text, { connection: text }, { meta });
      expect(unknown.code, text).toBe('-32602');
    }
    const rows = await db.selectFrom('calls').select(['tenant', 'tool']).distinct().execute();
    expect(rows).toEqual([{ tenant: 'red', tool: 'zendesk_create_ticket' }]);
    const { text: audit } = await server.ask(server.key, 'GET audit');
    for (const line of audit.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect((await server.ask(server.key, 'GET audit/verify')).json.problems).toEqual([]);
    expect((await server.ask(server.key, 'GET reconcile')).json.problems).toEqual([]);
  });
});
