import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMessage, post } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { chunk, exchange, live, rawRequest, type RawRequest } from '../raw-request.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

const stack = new AsyncDisposableStack();
let server: TwoTenants;
beforeAll(async () => {
  server = await startTwoTenants(stack);
});
afterAll(() => stack.disposeAsync());

const list = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
const size = list.length;
const createTicket = (subject: string) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'zendesk_create_ticket', arguments: { subject, body: 'x' } },
  });

/** A whole valid request that creates a ticket. An attacker hides it where a proxy sees a body. */
const hidden = () => rawRequest({ key: server.red.user, body: createTicket('Hidden') });
const madeTickets = () => [server.red, server.blue].flatMap(({ sandbox }) => [...sandbox.tickets.values()].map(({ subject }) => subject));

/** A list of tools whose body has the wrong length by some reading, and the hidden request behind it. */
const withLength = (length: string | null, ...headers: readonly string[]): RawRequest => ({ length, headers, body: list });
const withChunks = (header: string, body = `${chunk(list)}0\r\n\r\n`): RawRequest => ({ length: null, headers: [header], body });
const chunked = (body: string): RawRequest => withChunks('transfer-encoding: chunked', body);
const sized = (line: string): RawRequest => chunked(`${line}\r\n${list}\r\n0\r\n\r\n`);

const ambiguous: Readonly<Record<string, RawRequest>> = {
  'a length and chunks': { length: '5', headers: ['transfer-encoding: chunked'], body: `${chunk(list)}0\r\n\r\n` },
  'chunks and a length': { length: null, headers: ['transfer-encoding: chunked', 'content-length: 5'], body: `${chunk(list)}0\r\n\r\n` },
  'two lengths': withLength(String(size), 'content-length: 400'),
  'two equal lengths': withLength(String(size), `content-length: ${size}`),
  'a list of lengths': withLength(`${size}, ${size}`),
  'a length with a plus': withLength(`+${size}`),
  'a negative length': withLength('-1'),
  'a hexadecimal length': withLength(`0x${size.toString(16)}`),
  'a length with a space in it': withLength(`${size} 1`),
  'a length of more than 64 bits': withLength(String(2n ** 64n + BigInt(size))),
  'an empty length': withLength(''),
  'a fraction as length': withLength(`${size}.0`),
  'an exponent as length': withLength('1e1'),
  'a length after a vertical tab': withLength(`\u000b${size}`),
  'a space before the colon of the length': withLength(null, `content-length : ${size}`),
  'an unknown transfer coding': withChunks('transfer-encoding: xchunked'),
  'the transfer coding identity': withChunks('transfer-encoding: identity'),
  'identity after chunked': withChunks('transfer-encoding: chunked, identity'),
  'chunked twice in a header': withChunks('transfer-encoding: chunked, chunked'),
  'chunked in two headers': withChunks('transfer-encoding: chunked\r\ntransfer-encoding: chunked'),
  'identity in a second header': withChunks('transfer-encoding: chunked\r\ntransfer-encoding: identity'),
  'chunked in quotes': withChunks('transfer-encoding: "chunked"'),
  'chunked after a vertical tab': withChunks('transfer-encoding: \u000bchunked'),
  'chunked before a NUL': withChunks('transfer-encoding: chunked\0'),
  'chunked with a parameter': withChunks('transfer-encoding: chunked;a=b'),
  'chunked before a comma': withChunks('transfer-encoding: chunked,'),
  'a space before the colon of the coding': withChunks('transfer-encoding : chunked'),
  'a folded transfer coding': withChunks('transfer-encoding:\r\n chunked'),
  'a transfer coding in a folded line': withChunks('x: y\r\n transfer-encoding: chunked'),
  'a transfer coding after a bare LF': withChunks('x: y\ntransfer-encoding: chunked'),
  'a transfer coding after a bare CR': withChunks('x: y\rtransfer-encoding: chunked'),
  'gzip before chunked': withChunks('transfer-encoding: gzip, chunked'),
  'gzip in a header before chunked': withChunks('transfer-encoding: gzip\r\ntransfer-encoding: chunked'),
  'chunks in HTTP/1.0': { ...withChunks('transfer-encoding: chunked'), version: 'HTTP/1.0' },
  'chunks in HTTP/1.0 on a connection that is kept': {
    ...withChunks('connection: keep-alive\r\ntransfer-encoding: chunked'),
    version: 'HTTP/1.0',
  },
  'two hosts': withLength(String(size), 'host: evil.example.com'),
  'a chunk size of more than 64 bits': sized('fffffffffffffffff'),
  'a chunk size that wraps around': sized(`1${size.toString(16).padStart(16, '0')}`),
  'a chunk size with 0x': sized(`0x${size.toString(16)}`),
  'a negative chunk size': sized(`-${size.toString(16)}`),
  'a space after a chunk size': sized(`${size.toString(16)} `),
  'a space before a chunk size': sized(` ${size.toString(16)}`),
  'an empty chunk size': sized(''),
  'a bare LF after a chunk size': chunked(`${size.toString(16)}\n${list}\r\n0\r\n\r\n`),
  'a bare LF in a chunk extension': sized(`${size.toString(16)};a\nb`),
  'a bare CR in a chunk extension': sized(`${size.toString(16)};a\rb`),
  'a quoted line end in a chunk extension': sized(`${size.toString(16)};a="\r\n"`),
  'a chunk without a line end': chunked(`${size.toString(16)}\r\n${list}XX0\r\n\r\n`),
  'a bare LF after a chunk': chunked(`${size.toString(16)}\r\n${list}\n0\r\n\r\n`),
  'bare LFs after the last chunk': chunked(`${chunk(list)}0\n\n`),
  'a length in a trailer': chunked(`${chunk(list)}0\r\ncontent-length: 9\r\n\r\n`),
  'a transfer coding in a trailer': chunked(`${chunk(list)}0\r\ntransfer-encoding: chunked\r\n\r\n`),
  'a bare LF in a header': withLength(String(size), 'x: a\ncontent-length: 0'),
  'a NUL in a header’s name': withLength(String(size), 'x\0y: a'),
  'a NUL in a header’s value': withLength(String(size), 'x: a\0b'),
  'a space in a header’s name': withLength(String(size), 'x y: a'),
  'a byte above ASCII in a header’s name': withLength(String(size), 'x\u00e9: a'),
  'a header without a colon': withLength(String(size), 'xy'),
  'a header without a name': withLength(String(size), ': a'),
  'a pseudo-header of HTTP/2': withLength(String(size), ':authority: localhost'),
  'HTTP/1.2': { ...withLength(String(size)), version: 'HTTP/1.2' },
  'HTTP/2.0': { ...withLength(String(size)), version: 'HTTP/2.0' },
  'more after the version': { ...withLength(String(size)), version: 'HTTP/1.1x' },
  'a space in the target': { ...withLength(String(size)), target: '/mcp x' },
  'a NUL in the target': { ...withLength(String(size)), target: '/mcp\0' },
  'a method in lower case': { ...withLength(String(size)), method: 'post' },
  'a space before the method': { ...withLength(String(size)), method: ' POST' },
  'a target without a slash': { ...withLength(String(size)), target: 'mcp' },
};

describe('a request that a proxy could read otherwise', () => {
  test.each(Object.entries(ambiguous))('is refused, and nothing after it is read: %s', async (_name, request) => {
    const before = madeTickets();
    const { statuses, connection, rest, replies } = await exchange(
      server.port,
      rawRequest({ key: server.red.user, ...request }) + hidden(),
      2,
    );
    expect([statuses, connection, rest]).toEqual([[400], 'closed', '']);
    expect(replies[0]?.headers).toContainEqual([expect.stringMatching(/^connection$/i), 'close']);
    expect(madeTickets()).toEqual(before);
  });

  test('is refused, and nothing after it is read: two keys', async () => {
    const before = madeTickets();
    const keys = { key: server.red.user, headers: [`authorization: Bearer ${server.blue.user}`] };
    const { statuses, connection } = await exchange(server.port, rawRequest({ ...keys, body: list }) + hidden(), 2);
    expect([statuses, connection]).toEqual([[401], 'closed']);
    expect(madeTickets()).toEqual(before);
  });

  test('is refused, and nothing after it is read: an unknown expectation', async () => {
    const make = async (subject: string) =>
      (await exchange(server.port, rawRequest({ key: server.red.user, body: createTicket(subject) }))).statuses;
    // The server remembers the key then, so that the hidden request could run at once.
    expect(await make('First')).toEqual([200]);
    const { statuses, connection } = await exchange(server.port, rawRequest({ body: list, headers: ['expect: a-pony'] }) + hidden(), 2);
    expect([statuses, connection]).toEqual([[417], 'closed']);
    // A ticket that the hidden request made would come before this one.
    expect(await make('Last')).toEqual([200]);
    expect(madeTickets()).toContain('Last');
    expect(madeTickets()).not.toContain('Hidden');
  });

  test.each(['/mcp', '/hooks/none', '/health', '/admin/v1/keys', '/nothing'])(
    'is refused, and nothing after it is read: a request to %s without a host, or with an unusual coding',
    async (target) => {
      const before = madeTickets();
      const withoutHost = rawRequest({ target, method: 'GET', length: null }).replace('host: localhost\r\n', '');
      const coded = rawRequest({ target, length: null, headers: ['transfer-encoding: gzip, chunked'], body: '0\r\n\r\n' });
      for (const request of [withoutHost, coded]) {
        const { statuses, connection } = await exchange(server.port, request + hidden(), 2);
        expect([statuses, connection]).toEqual([[400], 'closed']);
      }
      expect(madeTickets()).toEqual(before);
    },
  );

  test.each([
    ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
    ['HTTP/0.9', 'GET /mcp\r\n', [400]],
    ['CONNECT to another server', 'CONNECT evil.example.com:443 HTTP/1.1\r\nhost: evil.example.com\r\n\r\n', []],
    ['CONNECT to the endpoint', 'CONNECT /mcp HTTP/1.1\r\nhost: localhost\r\n\r\n', []],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', [400]],
    ['the PROXY protocol', 'PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n', [400]],
  ])('is refused, and nothing after it is read: %s', async (_name, bytes, expected) => {
    const before = madeTickets();
    const { statuses, connection, rest } = await exchange(server.port, bytes + hidden(), 2);
    expect([statuses, connection, rest]).toEqual([expected, 'closed', '']);
    expect(madeTickets()).toEqual(before);
  });
});

test.each<[string, RawRequest]>([
  ['16 KiB of headers', { headers: [`x: ${'a'.repeat(16_384)}`] }],
  ['2,500 headers', { headers: Array<string>(2_500).fill('a:b') }],
  ['a target of 17 KB', { target: `/mcp?${'a'.repeat(17_000)}` }],
])('a request with %s gets 431, and its connection is closed', async (_name, request) => {
  const { statuses, connection } = await exchange(server.port, rawRequest({ key: server.red.user, body: list, ...request }));
  expect([statuses, connection]).toEqual([[431], 'closed']);
});

test('a chunk extension of 20 KB is refused with 413', async () => {
  const request = { ...sized(`${size.toString(16)};${'a'.repeat(20_000)}`), key: server.red.user };
  expect(await exchange(server.port, rawRequest(request))).toMatchObject({ statuses: [413], connection: 'closed' });
});

test.each<[string, RawRequest]>([
  ['zeros before the length', withLength(`000${size}`)],
  ['a tab before the length', withLength(null, `content-length:\t${size}`)],
  ['chunks', chunked(`${chunk(list)}0\r\n\r\n`)],
  ['chunked in capitals', withChunks('Transfer-Encoding: CHUNKED')],
  ['a chunk extension', sized(`${size.toString(16)};a=b`)],
  ['a last chunk of many zeros', chunked(`${chunk(list)}00000\r\n\r\n`)],
  ['a trailer', chunked(`${chunk(list)}0\r\nx: y\r\n\r\n`)],
  ['a length named as a hop-by-hop header', withLength(String(size), 'connection: content-length')],
])('a request with %s is answered once, and the request after it as well', async (_name, request) => {
  const first = rawRequest({ key: server.red.user, ...request });
  const second = rawRequest({ key: server.blue.user, body: list.replace('"id":2', '"id":3') });
  const { statuses, replies, next } = await exchange(server.port, first + second, 2);
  expect([statuses, next]).toEqual([[200, 200], live]);
  expect(replies.map(({ body }) => /"id":(\d)/.exec(body)?.[1])).toEqual(['2', '3']);
});

test.each(['/health', '/health/live', '/nothing', '/hooks/none', '/admin/v1/keys'])(
  'a request to %s without a body leaves its connection open for the next',
  async (target) => {
    const { next } = await exchange(server.port, rawRequest({ method: 'GET', target, length: null }));
    expect(next).toBe(live);
  },
);

test.each([
  ['websocket', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='],
  ['h2c', 'http2-settings: AAMAAABk'],
  ['TLS/1.0', 'x: y'],
])('a request that asks for an upgrade to %s is answered over HTTP/1.1', async (protocol, header) => {
  const headers = ['connection: upgrade', `upgrade: ${protocol}`, header];
  const { statuses, replies } = await exchange(server.port, rawRequest({ key: server.red.user, body: list, headers }));
  expect([statuses, replies[0]?.status]).toEqual([[200], 'HTTP/1.1 200 OK']);
});

test.each(['/mcp', '/hooks/none', '/health', '/metrics', '/admin/v1/keys'])('a request to %s with two hosts is refused', async (target) => {
  const { statuses } = await exchange(
    server.port,
    rawRequest({ key: server.key, target, method: 'GET', headers: ['host: evil.example.com'] }),
  );
  expect(statuses).toEqual([400]);
});

test('a key in a trailer is not a key', async () => {
  const { statuses } = await exchange(
    server.port,
    rawRequest(chunked(`${chunk(list)}0\r\nauthorization: Bearer ${server.red.user}\r\n\r\n`)),
  );
  expect(statuses).toEqual([401]);
});

describe('a request in the body of a refused request', () => {
  test.each<[string, number, () => RawRequest]>([
    ['without a key', 401, () => ({})],
    ['with an unknown key', 401, () => ({ key: `bb_${'x'.repeat(43)}` })],
    ['by another method', 405, () => ({ key: server.red.user, method: 'PUT' })],
    ['by GET', 405, () => ({ key: server.red.user, method: 'GET' })],
    ['of another type', 415, () => ({ key: server.red.user, headers: ['content-type: text/plain'] })],
    ['from another page', 403, () => ({ key: server.red.user, headers: ['origin: https://evil.example.com'] })],
    ['to no page', 404, () => ({ key: server.red.user, target: '/nothing' })],
    ['to no hook', 404, () => ({ target: '/hooks/none' })],
    ['to a page without a body', 405, () => ({ target: '/health' })],
    ['to the metrics', 405, () => ({ target: '/metrics' })],
    ['to the admin API without a key', 401, () => ({ target: '/admin/v1/keys' })],
    ['to the admin API without a role', 403, () => ({ target: '/admin/v1/keys', key: server.red.user })],
    ['to no admin page', 404, () => ({ target: '/admin/v1/none', key: server.key })],
    ['to a read-only admin page', 404, () => ({ target: '/admin/v1/usage', key: server.key })],
    ['as a preflight', 204, () => ({ method: 'OPTIONS', headers: ['origin: http://localhost'] })],
  ])('is never read as a request: %s', async (_name, status, request) => {
    const before = madeTickets();
    // `content-type` is set twice in one of the cases: the first one counts, so it is the only one here.
    const { headers = [], ...rest } = request();
    const bytes = rawRequest({ body: hidden(), ...rest, headers });
    const own = headers.find((line) => line.startsWith('content-type'));
    const sent = own === undefined ? bytes : bytes.replace('content-type: application/json\r\n', '');
    const { statuses, connection, next } = await exchange(server.port, sent);
    expect(statuses).toEqual([status]);
    if (connection === 'kept') expect(next).toBe(live);
    expect(madeTickets()).toEqual(before);
  });

  test('is never read as a request: in a body that is too large', async () => {
    const before = madeTickets();
    const body = hidden().repeat(20_000);
    const answer = await fetch(server.url, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${server.red.user}`, 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(413);
    expect(madeTickets()).toEqual(before);
  });

  test('is never read as a request: in place of the body that the client announced and withheld', async () => {
    const before = madeTickets();
    const withheld = rawRequest({ length: String(hidden().length), headers: ['expect: 100-continue'] });
    const { statuses, connection, next } = await exchange(server.port, withheld + hidden());
    expect(statuses.filter((status) => status !== 100)).toEqual([401]);
    if (connection === 'kept') expect(next).toBe(live);
    expect(madeTickets()).toEqual(before);
  });
});

describe('a connection', () => {
  test('carries requests of two tenants, as behind a proxy, and answers each with its own tenant’s data, in order', async () => {
    const subjects = Array.from({ length: 5 }, (_, n) => `${n % 2 === 0 ? 'red' : 'blue'}-${n}`);
    const bytes = subjects.map((subject, n) => {
      const body = createTicket(subject).replace('"id":1,', `"id":${n},`);
      return rawRequest({ key: n % 2 === 0 ? server.red.user : server.blue.user, body });
    });
    const { replies, next } = await exchange(server.port, bytes.join(''), subjects.length);
    expect(next).toBe(live);
    const read = replies.map(({ body }) => parseMessage(body) as { id: number; result: { structuredContent: { id: number } } });
    expect(read.map(({ id }) => id)).toEqual([...subjects.keys()]);
    const subjectOf = (n: number, id: number) => (n % 2 === 0 ? server.red : server.blue).sandbox.tickets.get(id)?.subject;
    expect(read.map(({ id, result }) => subjectOf(id, result.structuredContent.id))).toEqual(subjects);
  });

  test('does not remember the key of an earlier request', async () => {
    const first = rawRequest({ key: server.red.user, body: list });
    const { statuses } = await exchange(
      server.port,
      first + rawRequest({ body: list }) + rawRequest({ target: '/admin/v1/keys', method: 'GET' }),
      3,
    );
    expect(statuses).toEqual([200, 401, 401]);
  });

  test('that breaks in the middle of a request changes no answer of another', async () => {
    const half = rawRequest({ key: server.red.user, body: createTicket('Half') }).slice(0, -5);
    const before = madeTickets().length;
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        if (n % 2 === 0) return await exchange(server.port, `${half}\u0000\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`, 0).then(() => undefined);
        const { status, body } = await post(server.url, { authorization: `Bearer ${server.blue.user}` }, { id: n, method: 'tools/list' });
        return [n, status, /"id":(\d+)/.exec(body)?.[1]];
      }),
    );
    expect(answers.filter((answer) => answer !== undefined)).toEqual(
      Array.from({ length: 20 }, (_, n) => [2 * n + 1, 200, String(2 * n + 1)]),
    );
    expect(madeTickets()).toHaveLength(before);
  });
});
