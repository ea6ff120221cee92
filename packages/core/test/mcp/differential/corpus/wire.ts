import { encode, named, toWire, withHeader, withMeta, type HttpRequest, type WireRequest } from '../http-request.ts';
import { bases, call, fewBases, modernVersion } from '../requests.ts';

const echo = call(modernVersion, 'reference_echo_text', { text: 'a' });

/** Sends packets on a separate connection. */
const fresh = (name: string, packets: readonly Buffer[], more: Partial<WireRequest> = {}): WireRequest => ({
  name,
  packets,
  fresh: true,
  ...more,
});

const chunked = (request: HttpRequest, sizes: readonly number[], tail = '0\r\n\r\n'): Buffer => {
  const body = Buffer.from(request.body);
  const parts: Buffer[] = [encode({ ...request, ...withHeader(request, 'transfer-encoding', 'chunked'), body: '' })];
  for (let at = 0, i = 0; at < body.length; i += 1) {
    const chunk = body.subarray(at, (at += sizes[i % sizes.length] ?? body.length));
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from(tail)]);
};

const split = (bytes: Buffer, every: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / every) }, (_, i) => bytes.subarray(i * every, (i + 1) * every));

const byBase = (base: HttpRequest): WireRequest[] => {
  const bytes = encode(base);
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  const close = encode({ ...base, ...withHeader(base, 'connection', 'close') });
  const expect = (value: string) => encode({ ...base, ...withHeader(base, 'expect', value) });
  const name = (what: string) => `${base.name}: ${what}`;
  return [
    fresh(name('closed afterwards'), [close]),
    fresh(name('HTTP/1.0'), [encode(base, 'HTTP/1.0')]),
    fresh(name('HTTP/1.0, kept'), [encode({ ...base, ...withHeader(base, 'connection', 'keep-alive') }, 'HTTP/1.0')]),
    fresh(name('HTTP/2.0'), [encode(base, 'HTTP/2.0')]),
    fresh(name('head and body in two packets'), [bytes.subarray(0, headEnd), bytes.subarray(headEnd)]),
    fresh(name('in packets of 50 bytes'), split(bytes, 50)),
    fresh(name('the last byte in another packet'), [bytes.subarray(0, -1), bytes.subarray(-1)]),
    fresh(name('chunked'), [chunked(base, [64])]),
    fresh(name('chunked byte by byte'), [chunked(base, [1])]),
    fresh(name('chunked, with a trailer'), [chunked(base, [100], '0\r\nx-trailer: a\r\n\r\n')]),
    fresh(name('chunked, badly'), [chunked(base, [100], 'zz\r\n\r\n')]),
    fresh(name('expects 100-continue'), [expect('100-continue')]),
    fresh(name('expects 100-continue, body later'), [
      expect('100-continue').subarray(0, headEnd + 22),
      expect('100-continue').subarray(headEnd + 22),
    ]),
    fresh(name('expects something unknown'), [expect('something')]),
    fresh(name('twice in one packet'), [Buffer.concat([bytes, bytes])], { answers: 2 }),
    fresh(name('three times, the last one closes'), [Buffer.concat([bytes, bytes, close])], { answers: 3 }),
    fresh(name('after an empty line'), [Buffer.concat([Buffer.from('\r\n'), bytes])]),
    fresh(name('with lines that end in LF'), [Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')]),
    fresh(name('body longer than its content-length'), [encode({ ...base, ...withHeader(base, 'content-length', '20') })], { cut: true }),
    fresh(name('body shorter than its content-length'), [encode({ ...base, ...withHeader(base, 'content-length', '5000') })], {
      cut: true,
    }),
    fresh(name('content-length twice'), [encode({ ...base, ...withHeader(base, 'content-length', '20', '30') })], { cut: true }),
    fresh(name('content-length that is not a number'), [encode({ ...base, ...withHeader(base, 'content-length', 'many') })], { cut: true }),
    fresh(name('content-length 0'), [encode({ ...base, ...withHeader(base, 'content-length', '0'), body: '' })]),
    fresh(
      name('both lengths'),
      [encode({ ...base, headers: [...base.headers, ['content-length', '9'], ['transfer-encoding', 'chunked']] })],
      { cut: true },
    ),
    fresh(name('cut in the head'), [bytes.subarray(0, 60)], { cut: true }),
    fresh(name('cut after the head'), [bytes.subarray(0, headEnd)], { cut: true }),
    fresh(name('a NUL in a header'), [encode({ ...base, ...withHeader(base, 'x-nul', 'a\u0000b') })], { cut: true }),
    fresh(name('bytes above ASCII in a header'), [encode({ ...base, ...withHeader(base, 'x-high', 'é\u00ff') })]),
    fresh(name('no host'), [Buffer.from(bytes.toString('latin1').replace('host: localhost\r\n', ''), 'latin1')]),
    fresh(name('two hosts'), [encode({ ...base, ...withHeader(base, 'host', 'localhost', 'evil.example.com') })]),
  ];
};

const methods = bases.slice(0, 4).flatMap((base) =>
  ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'post', 'QUERY', 'M-SEARCH', 'NONSENSE'].flatMap(
    (method): WireRequest[] => {
      const request = named(base, `by ${method}`, { method });
      const bodyless = method === 'HEAD' ? { bodyless: true } : {};
      // Node closes the connection after a method that it does not know.
      const packets = (body: string) => [encode({ ...request, ...(body === '' && { body }) })];
      return [
        fresh(`${request.name}, with a body`, packets('body'), bodyless),
        fresh(`${request.name}, without one`, packets(''), bodyless),
      ];
    },
  ),
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
    ].map((target) => fresh(`${base.name}: at ${target.slice(0, 40)}`, [encode({ ...base, target })])),
  );

const preflights = ['http://localhost:5173', 'https://evil.example.com', 'null', undefined].flatMap((origin) =>
  ['authorization, mcp-protocol-version, x-other', 'mcp-param-region', undefined].map((requestedHeaders) => {
    const headers = [
      ['access-control-request-method', 'POST'] as const,
      ...(origin ? [['origin', origin] as const] : []),
      ...(requestedHeaders ? [['access-control-request-headers', requestedHeaders] as const] : []),
    ];
    return toWire({ name: `preflight of ${origin} for ${requestedHeaders}`, method: 'OPTIONS', headers, body: '' });
  }),
);

/** Two concurrent writes with one key: the second waits for the first, and gets the first one's answer. */
const repeated = [modernVersion, '2025-11-25', undefined].map((version) => {
  const base = call(version, 'reference_write_text', { text: 'own' });
  const bytes = encode({ ...base, ...withMeta(base, { 'busbar/idempotencyKey': `twice ${version}` }) });
  return fresh(`${base.name}: twice under one key`, [Buffer.concat([bytes, bytes])], { answers: 2 });
});

/** Different requests on one connection, answered in their order. */
const mixed = bases.map((base, i) => {
  const next = bases[(i + 5) % bases.length] ?? echo;
  return fresh(`${base.name}: before ${next.name} in one packet`, [Buffer.concat([encode(base), encode(next)])], { answers: 2 });
});

/** Everything that HTTP itself can do to a request. */
export const wire: readonly WireRequest[] = [...fewBases.flatMap(byBase), ...methods, ...targets, ...preflights, ...repeated, ...mixed];
