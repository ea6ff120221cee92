import { bytesOf, named, sent, withHeader, withMeta, type Draft, type Sent } from '../http-request.ts';
import { bases, call, fewBases, modernVersion } from '../requests.ts';

const echo = call(modernVersion, 'twin_echo_text', { text: 'a' });

/** The same bytes on a connection of their own. */
const fresh = (name: string, packets: readonly Buffer[], more: Partial<Sent> = {}): Sent => ({ name, packets, fresh: true, ...more });

const chunked = (draft: Draft, sizes: readonly number[], tail = '0\r\n\r\n'): Buffer => {
  const body = Buffer.from(draft.body);
  const parts: Buffer[] = [bytesOf({ ...draft, ...withHeader(draft, 'transfer-encoding', 'chunked'), body: '' })];
  for (let at = 0, i = 0; at < body.length; i += 1) {
    const chunk = body.subarray(at, (at += sizes[i % sizes.length] ?? body.length));
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from(tail)]);
};

const apart = (bytes: Buffer, every: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / every) }, (_, i) => bytes.subarray(i * every, (i + 1) * every));

const byBase = (base: Draft): Sent[] => {
  const bytes = bytesOf(base);
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  const close = bytesOf({ ...base, ...withHeader(base, 'connection', 'close') });
  const expect = (value: string) => bytesOf({ ...base, ...withHeader(base, 'expect', value) });
  const name = (what: string) => `${base.name}: ${what}`;
  return [
    fresh(name('closed after'), [close]),
    fresh(name('HTTP/1.0'), [bytesOf(base, 'HTTP/1.0')]),
    fresh(name('HTTP/1.0, kept'), [bytesOf({ ...base, ...withHeader(base, 'connection', 'keep-alive') }, 'HTTP/1.0')]),
    fresh(name('HTTP/2.0'), [bytesOf(base, 'HTTP/2.0')]),
    fresh(name('head and body apart'), [bytes.subarray(0, headEnd), bytes.subarray(headEnd)]),
    fresh(name('in packets of 50 bytes'), apart(bytes, 50)),
    fresh(name('in two packets'), [bytes.subarray(0, -1), bytes.subarray(-1)]),
    fresh(name('chunked'), [chunked(base, [64])]),
    fresh(name('chunked byte by byte'), [chunked(base, [1])]),
    fresh(name('chunked, with a trailer'), [chunked(base, [100], '0\r\nx-trailer: a\r\n\r\n')]),
    fresh(name('chunked, badly'), [chunked(base, [100], 'zz\r\n\r\n')]),
    fresh(name('expects 100-continue'), [expect('100-continue')]),
    fresh(name('expects 100-continue, body later'), [
      expect('100-continue').subarray(0, headEnd + 22),
      expect('100-continue').subarray(headEnd + 22),
    ]),
    fresh(name('expects what is not known'), [expect('something')]),
    fresh(name('twice in one packet'), [Buffer.concat([bytes, bytes])], { answers: 2 }),
    fresh(name('three times, the last one closes'), [Buffer.concat([bytes, bytes, close])], { answers: 3 }),
    fresh(name('after an empty line'), [Buffer.concat([Buffer.from('\r\n'), bytes])]),
    fresh(name('with lines that end in LF'), [Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')]),
    fresh(name('body longer than said'), [bytesOf({ ...base, ...withHeader(base, 'content-length', '20') })], { cut: true }),
    fresh(name('body shorter than said'), [bytesOf({ ...base, ...withHeader(base, 'content-length', '5000') })], { cut: true }),
    fresh(name('content-length twice'), [bytesOf({ ...base, ...withHeader(base, 'content-length', '20', '30') })], { cut: true }),
    fresh(name('content-length that is none'), [bytesOf({ ...base, ...withHeader(base, 'content-length', 'many') })], { cut: true }),
    fresh(name('content-length of nothing'), [bytesOf({ ...base, ...withHeader(base, 'content-length', '0'), body: '' })]),
    fresh(
      name('both lengths'),
      [bytesOf({ ...base, headers: [...base.headers, ['content-length', '9'], ['transfer-encoding', 'chunked']] })],
      { cut: true },
    ),
    fresh(name('cut in the head'), [bytes.subarray(0, 60)], { cut: true }),
    fresh(name('cut after the head'), [bytes.subarray(0, headEnd)], { cut: true }),
    fresh(name('a NUL in a header'), [bytesOf({ ...base, ...withHeader(base, 'x-nul', 'a\u0000b') })], { cut: true }),
    fresh(name('bytes above ASCII in a header'), [bytesOf({ ...base, ...withHeader(base, 'x-high', 'é\u00ff') })]),
    fresh(name('no host'), [Buffer.from(bytes.toString('latin1').replace('host: localhost\r\n', ''), 'latin1')]),
    fresh(name('hosts'), [bytesOf({ ...base, ...withHeader(base, 'host', 'localhost', 'evil.example.com') })]),
  ];
};

const methods = bases.slice(0, 4).flatMap((base) =>
  ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'post', 'QUERY', 'M-SEARCH', 'NONSENSE'].flatMap((method): Sent[] => {
    const draft = named(base, `by ${method}`, { method });
    const bodyless = method === 'HEAD' ? { bodyless: true } : {};
    // What Node does not know as a method ends the connection.
    const packets = (body: string) => [bytesOf({ ...draft, ...(body === '' && { body }) })];
    return [fresh(`${draft.name}, with a body`, packets('body'), bodyless), fresh(`${draft.name}, without one`, packets(''), bodyless)];
  }),
);

const targets = bases
  .slice(0, 4)
  .flatMap((base) =>
    [
      '/mcp?a=b',
      '/mcp?',
      '/mcp/',
      '/MCP',
      '/',
      '',
      '/mcp/x',
      '//mcp',
      '/mcp#a',
      'http://localhost/mcp',
      '*',
      '/%6dcp',
      '/mcp;a',
      '/hooks/none',
      '/mcp\\',
      `/mcp?${'a'.repeat(2_000)}`,
    ].map((target) => fresh(`${base.name}: at ${target.slice(0, 40)}`, [bytesOf({ ...base, target })])),
  );

const preflights = ['http://localhost:5173', 'https://evil.example.com', 'null', undefined].flatMap((origin) =>
  ['authorization, mcp-protocol-version, x-other', 'mcp-param-region', undefined].map((asked) => {
    const headers = [
      ['access-control-request-method', 'POST'] as const,
      ...(origin ? [['origin', origin] as const] : []),
      ...(asked ? [['access-control-request-headers', asked] as const] : []),
    ];
    return sent({ name: `preflight of ${origin} for ${asked}`, method: 'OPTIONS', headers, body: '' });
  }),
);

/** Two writes under one key at once: the second waits for the first, and is answered with its answer. */
const repeated = [modernVersion, '2025-11-25', undefined].map((version) => {
  const base = call(version, 'twin_write_text', { text: 'own' });
  const bytes = bytesOf({ ...base, ...withMeta(base, { 'busbar/idempotencyKey': `twice ${version}` }) });
  return fresh(`${base.name}: twice under one key`, [Buffer.concat([bytes, bytes])], { answers: 2 });
});

/** Different requests on one connection, the answers in their order. */
const mixed = bases.map((base, i) => {
  const next = bases[(i + 5) % bases.length] ?? echo;
  return fresh(`${base.name}: before ${next.name} in one packet`, [Buffer.concat([bytesOf(base), bytesOf(next)])], { answers: 2 });
});

/** What HTTP itself can do with a request. */
export const wire: readonly Sent[] = [...fewBases.flatMap(byBase), ...methods, ...targets, ...preflights, ...repeated, ...mixed];
