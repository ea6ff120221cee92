import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { post } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { pinoLogger } from '../../../packages/core/src/adapters/pino.ts';
import { call, lanes, type Lane } from '../call-tool.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

const stack = new AsyncDisposableStack();
let server: TwoTenants;
/** All that was written to the log. */
const written: string[] = [];
beforeAll(async () => {
  const log = pinoLogger({ level: 'debug', destination: { write: (text) => void written.push(text) } });
  server = await startTwoTenants(stack, { BUSBAR_TRUST_PROXY: 'true' }, ({ provide }) => provide(tokens.log, () => log));
});
afterAll(() => stack.disposeAsync());

const caller = () => ({ url: server.url, key: server.red.user });
const bothLanes = Object.keys(lanes) as Lane[];

describe('a query to a vendor', () => {
  /** The `query` that Zendesk received, outside its quotes. */
  const searched = async (filter: object) => {
    const answer = await call(caller(), 'zendesk_count_tickets', filter);
    expect(answer.code, JSON.stringify(filter)).toBe('fine');
    const query = server.red.sandbox.requests.findLast(({ path }) => path.includes('/search'))?.query.get('query') ?? '';
    return query.replaceAll(/"[^"]*"/g, '""');
  };
  const attacks = [
    'a status:closed',
    'a" status:closed "',
    'a\\" status:closed \\"',
    '" OR requester:* OR "',
    '-tags:secret',
    '(a OR b) AND c',
    'a\nstatus:closed',
    'a\u0000"status:closed',
    'a\u2028status:closed',
    '“a” status:closed',
    'created>2000-01-01',
    'a*',
    'fieldvalue:x',
  ];

  test.each([
    ['requester', 'requester:""'],
    ['assignee', 'assignee:""'],
    ['organization', 'organization:""'],
    ['tag', 'tags:""'],
  ])('no value of %s ends its condition in Zendesk’s search', async (field, expected) => {
    for (const attack of attacks) expect(await searched({ [field]: attack }), attack).toBe(`type:ticket ${expected}`);
  });

  test('no search text becomes a condition or an operator in Zendesk’s search', async () => {
    for (const attack of attacks) {
      const words = (await searched({ text: attack })).replace(/^type:ticket ?/, '').split(' ');
      for (const word of words) expect(word, attack).toMatch(/^(?:""|(?!AND$|OR$|NOT$)[\p{L}\p{N}]*)$/u);
    }
  });

  test('no bound value leaves its literal in SOQL', async () => {
    const soql = 'SELECT Id FROM Account WHERE Name = :a AND Name LIKE :b';
    const values = ["' OR Name != '", "\\' OR Name != \\'", '\\', "\\'", "a'--", 'a\nb', '\u0000', ':b', '%', '_', "\u2019 OR ''='"];
    for (const value of values) {
      const before = server.salesforce.requests.length;
      const args = { soql, values: { a: value, b: { contains: value } } };
      const answer = await call(caller(), 'salesforce_query_records', args);
      expect(['fine', 'INVALID_INPUT'], value).toContain(answer.code);
      for (const { query } of server.salesforce.requests.slice(before).filter(({ path }) => path.endsWith('/query')))
        expect(query.get('q')?.replaceAll(/'(?:[^'\\]|\\.)*'/g, "''")).toMatch(
          /^SELECT Id FROM Account WHERE Name = '' AND Name LIKE ''( LIMIT \d+)?$/,
        );
    }
  });

  test('no query in SOQL writes, locks, comments or has a second statement', async () => {
    const before = server.salesforce.requests.filter(({ path }) => path.includes('/query')).length;
    for (const soql of [
      'DELETE FROM Account',
      'SELECT Id FROM Account; DELETE FROM Account',
      'SELECT Id FROM Account FOR UPDATE',
      'SELECT Id FROM Account for\u00a0view',
      'SELECT Id FROM Account UPDATE\tTRACKING',
      'SELECT Id FROM Account -- x',
      'SELECT Id /* x */ FROM Account',
      "SELECT Id FROM Account WHERE Name = 'a",
      "SELECT Id FROM Account WHERE Name = 'a\n'",
      '\u0000SELECT Id FROM Account FOR REFERENCE',
    ])
      expect((await call(caller(), 'salesforce_query_records', { soql })).code, soql).toBe('INVALID_INPUT');
    expect(server.salesforce.requests.filter(({ path }) => path.includes('/query')).length).toBe(before);
  });
});

describe.each(bothLanes)('on the %s lane', (lane) => {
  test('no text becomes a header of a request to a vendor, or of an answer', async () => {
    const breaks = ['\r\nx-injected: 1', '\nx-injected: 1', '\rx-injected: 1', '%0d%0ax-injected:%201', '\u560d\u560ax-injected: 1'];
    for (const text of breaks) {
      const meta = { 'busbar/idempotencyKey': `key${text}`, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01${text}` };
      const ticket = {
        subject: `Subject${text}`,
        body: text,
        externalId: `x${text}`,
        requesterEmail: 'ada@example.com',
        tags: [`t${text}`],
      };
      const codes = [
        (await call(caller(), 'zendesk_create_ticket', ticket, { lane, meta })).code,
        (
          await call(
            caller(),
            'zendesk_add_comment',
            { ticketId: 1, body: text, ifUnchangedSince: `2026-01-01T00:00:00Z${text}` },
            { lane },
          )
        ).code,
        (await call(caller(), 'salesforce_get_record', { object: `Account${text}`, id: `001${text}` }, { lane })).code,
        (await call(caller(), 'sendgrid_send_email', { to: [`ada@example.com${text}`], subject: text, text }, { lane })).code,
      ];
      expect(
        codes.filter((code) => !['fine', 'INVALID_INPUT', 'UPSTREAM_REJECTED', 'NOT_FOUND'].includes(code)),
        text,
      ).toEqual([]);
      const listed = await post(
        server.url,
        { authorization: `Bearer ${server.red.user}`, origin: 'http://localhost' },
        { id: text, method: 'tools/list' },
      );
      expect([listed.status, listed.headers.get('x-injected')]).toEqual([200, null]);
    }
    const all = [server.red.sandbox, server.sendgrid, server.salesforce].flatMap(({ requests }) => requests);
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter(({ headers }) => Object.keys(headers).some((name) => name.includes('inject')))).toEqual([]);
  });

  test('no key of an argument reaches a prototype', async () => {
    const evil = '"__proto__":{"polluted":"yes","isError":true},"constructor":{"prototype":{"polluted":"yes"}}';
    const bodies: readonly (readonly [tool: string, args: string])[] = [
      ['zendesk_create_ticket', `{"subject":"a","body":"b",${evil}}`],
      ['zendesk_create_ticket', `{"__proto__":{"subject":"a","body":"b"}}`],
      ['zendesk_create_ticket', `{"subject":"a","body":"b","customFields":[{"id":1,"value":"x",${evil}}]}`],
      ['zendesk_create_ticket', `{"subject":"a","body":"b","customFields":{"length":1,"0":{"id":1},${evil}}}`],
      ['sendgrid_send_template_email', `{"templateId":"d-1","to":["ada@example.com"],"data":{${evil},"a":{${evil}}}}`],
      ['salesforce_create_record', `{"object":"Account","fields":{"Name":"a",${evil}}}`],
      ['salesforce_create_record', `{"object":"__proto__","fields":{"Name":"a"}}`],
      ['salesforce_create_records', `{"records":[{"object":"constructor","fields":{${evil}}}]}`],
      ['salesforce_query_records', `{"soql":"SELECT Id FROM Account WHERE Name = :__proto__","values":{${evil}}}`],
      ['salesforce_query_records', `{"soql":"SELECT Id FROM Account WHERE Name = :constructor","values":{"a":"b"}}`],
      ['salesforce_describe_object', `{"object":"constructor","search":"__proto__"}`],
      ['salesforce_get_limits', `{"names":["__proto__","constructor","toString"]}`],
      ['zendesk_search_tickets', `{"fields":["__proto__","constructor"],"connection":"__proto__"}`],
    ];
    for (const [tool, args] of bodies) {
      // As JSON.parse makes it, `__proto__` is a key like any other.
      const answer = await call(caller(), tool, JSON.parse(args), { lane, meta: JSON.parse(`{${evil}}`) as object });
      expect(['fine', 'INVALID_INPUT', 'UPSTREAM_REJECTED', 'NOT_FOUND', 'CONNECTION_NOT_FOUND'], `${tool} ${args}`).toContain(answer.code);
      expect(answer.body).not.toContain('"polluted":"yes"}}');
    }
    for (const method of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'tools/__proto__']) {
      const { status } = await post(
        server.url,
        { authorization: `Bearer ${server.red.user}` },
        { method, params: JSON.parse(`{${evil}}`) as object },
      );
      expect([200, 400, 404], method).toContain(status);
    }
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect(([] as { polluted?: string }).polluted).toBeUndefined();
  });
});

test('no key of an admin request reaches a prototype', async () => {
  const evil = '"__proto__":{"polluted":"yes","isOperator":true,"roles":["operator"]},"constructor":{"prototype":{"polluted":"yes"}}';
  for (const [route, body] of [
    ['POST keys', `{"name":"a",${evil}}`],
    ['POST keys', `{"__proto__":{"name":"a","roles":["operator"]}}`],
    ['POST dead-letters/discard', `{"ids":["a"],${evil}}`],
    ['POST dead-letters/discard', `{"__proto__":{"ids":["a"]}}`],
  ] as const)
    expect((await server.ask(server.red.owner, route, body)).status, body).toBe(400);
  for (const query of ['__proto__[tenant]=blue', 'constructor[prototype][tenant]=blue', 'tenant[__proto__]=blue', 'tenant[]=blue']) {
    const { status, text } = await server.ask(server.red.owner, `GET keys?${query}`);
    expect([200, 400], query).toContain(status);
    expect(text).not.toContain('"blue"');
  }
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect((await server.ask(server.red.owner, `GET dead-letters/${name}`)).status).toBe(404);
    expect((await server.ask(server.red.owner, `GET usage?by=${name}`)).status).toBe(400);
    expect((await server.ask(server.red.owner, `GET ${name}`)).status).toBe(404);
  }
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test('no text of a caller or of a vendor begins a line of the log, moves a cursor or adds a field', async () => {
  const { red } = server;
  const hostile = 'x\r\n{"level":"error","msg":"forged"}\n\u001b[2J\u001b]0;owned\u0007\u0008\u0000\u2028","level":"fatal';
  const visible = encodeURIComponent(hostile);
  await call(caller(), hostile, { [hostile]: hostile }, { meta: { 'busbar/idempotencyKey': hostile.slice(0, 200), [hostile]: hostile } });
  await call(caller(), 'zendesk_create_ticket', { subject: hostile, body: hostile, connection: hostile });
  red.sandbox.misbehave({ kind: 'status', status: 422, body: { error: hostile, description: hostile }, match: 'POST /api/v2/tickets' });
  await call(caller(), 'zendesk_create_ticket', { subject: hostile, body: hostile });
  red.sandbox.misbehave({ kind: 'status', status: 200, body: hostile, match: 'POST /api/v2/tickets' });
  await call(caller(), 'zendesk_create_ticket', { subject: 'a', body: 'b' });
  const headers = { 'x-forwarded-for': '1.2.3.4\t\u009b2J', 'user-agent': '\u009b2J', traceparent: '\u009b2J' };
  const bodies: readonly RequestInit[] = [
    { method: 'POST', body: `{"name":${JSON.stringify(hostile)},"roles":[${JSON.stringify(hostile)}]}` },
    {},
  ];
  for (const path of [`/${visible}`, `/hooks/${visible}`, `/admin/v1/keys`, `/admin/v1/${visible}`, `/health/${visible}`])
    for (const key of [server.key, red.owner, visible])
      for (const init of bodies)
        await fetch(new URL(path, server.url), {
          ...init,
          headers: { ...headers, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        });
  const lines = written.join('').split('\n').slice(0, -1);
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.filter((line) => /\p{Cc}/u.test(line))).toEqual([]);
  for (const line of lines) {
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    expect(['debug', 'info', 'warn', 'error']).toContain(level);
    expect(msg).not.toBe('forged');
    // Of two fields with one name, a reader takes one or the other.
    expect(line.match(/^\{"level":"[a-z]+"/)).not.toBeNull();
  }
});
