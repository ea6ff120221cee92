import { named, withHeader, type HttpRequest } from '../http-request.ts';
import { bases, call, fewBases, legacy, legacyVersions, modern, modernVersion } from '../requests.ts';

const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

const accepts = [
  'application/json',
  'text/event-stream',
  'application/json, text/event-stream',
  'text/event-stream, application/json',
  'application/json,text/event-stream',
  '*/*',
  'application/*',
  'text/*',
  '*',
  '',
  ' ',
  'text/html',
  'application/json;q=0, text/event-stream',
  'application/json;q=0.5, text/event-stream;q=1',
  'application/json; charset=utf-8, text/event-stream',
  'APPLICATION/JSON, TEXT/EVENT-STREAM',
  'application/jsonp, text/event-streams',
  'application/json; text/event-stream',
  'text/html, */*;q=0.1',
  'application/json, text/event-stream;q=0',
  ',',
  'application/json, , text/event-stream',
  'application/vnd.api+json, text/event-stream',
];

const contentTypes = [
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'application/json; charset=utf-16',
  'application/json; charset=latin1',
  'APPLICATION/JSON',
  'Application/Json ; a=b',
  'application/json;',
  'application/json, text/plain',
  'application/json application/json',
  'application/jsonx',
  'application/vnd.api+json',
  'application/json+mcp',
  'text/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=a',
  '',
  ' ',
  '*/*',
  'json',
  ' application/json',
  '"application/json"',
  'application/json; boundary="a;b"',
];

const negotiated = (base: HttpRequest): HttpRequest[] => [
  ...accepts.map((value) => named(base, `accept ${JSON.stringify(value)}`, withHeader(base, 'accept', value))),
  named(base, 'no accept', withHeader(base, 'accept')),
  named(base, 'accept twice', withHeader(base, 'accept', 'application/json', 'text/event-stream')),
  named(base, 'accept twice the same', withHeader(base, 'accept', 'application/json', 'application/json')),
  ...contentTypes.map((value) => named(base, `content-type ${JSON.stringify(value)}`, withHeader(base, 'content-type', value))),
  named(base, 'no content-type', withHeader(base, 'content-type')),
  named(base, 'content-type twice', withHeader(base, 'content-type', 'application/json', 'text/plain')),
  named(base, 'content-type twice, the last one valid', withHeader(base, 'content-type', 'text/plain', 'application/json')),
];

const versions = [
  '',
  ' ',
  modernVersion,
  '2026-07-29',
  '2099-01-01',
  '1.0',
  'draft',
  'DRAFT-2026-v1',
  '2026-7-28',
  'null',
  `${modernVersion},${modernVersion}`,
  `${modernVersion}, 2025-11-25`,
  '2024-10-07',
  ...legacyVersions,
];
const methods = [
  '',
  'tools/call',
  'tools/list',
  'Tools/Call',
  'TOOLS/LIST',
  'tools/call, tools/call',
  'ping',
  'server/discover',
  base64('tools/call'),
  base64('tools/list'),
  '=?base64?!?=',
];
const names = [
  '',
  'reference_echo_text',
  'REFERENCE_ECHO_TEXT',
  'reference_echo_all',
  base64('reference_echo_text'),
  base64('reference_echo_all'),
  base64(''),
  '=?base64?cmVmZXJlbmNlX2VjaG9fdGV4dA?=',
  '=?base64?cmVmZX!lbmNlX2VjaG9fdGV4dA==?=',
  '=?BASE64?cmVmZXJlbmNlX2VjaG9fdGV4dA==?=',
  '=?base64?cmVmZXJlbmNlX2VjaG9fdGV4dA==',
  'reference_echo_text, reference_echo_text',
  '"reference_echo_text"',
  'reference_echo_text\u00e9',
  'reference%5fecho%5ftext',
];

const standard = (base: HttpRequest): HttpRequest[] =>
  (
    [
      ['mcp-protocol-version', versions],
      ['mcp-method', methods],
      ['mcp-name', names],
    ] as const
  ).flatMap(([header, values]) => [
    ...values.map((value) => named(base, `${header} ${JSON.stringify(value)}`, withHeader(base, header, value))),
    named(base, `no ${header}`, withHeader(base, header)),
    named(base, `${header} twice`, withHeader(base, header, values[2] ?? '', values[2] ?? '')),
    named(base, `${header} twice, with different values`, withHeader(base, header, values[1] ?? '', values[2] ?? '')),
  ]);

/** Headers that the protocol does not use, or uses elsewhere. */
const otherHeaders: readonly (readonly [string, string])[] = [
  ['mcp-session-id', 'a-session'],
  ['last-event-id', '7'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['traceparent', 'nonsense'],
  ['tracestate', 'a=b'],
  ['baggage', 'a=b'],
  ['x-forwarded-for', '198.51.100.7'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'identity'],
  ['accept-encoding', 'gzip, br'],
  ['accept-language', 'de'],
  ['cache-control', 'no-store'],
  ['if-none-match', '*'],
  ['range', 'bytes=0-10'],
  ['cookie', 'a=b'],
  ['user-agent', ''],
  ['mcp-param-region', 'eu'],
  ['mcp-param-', 'x'],
  ['mcp-unknown', 'x'],
  ['x-mcp-header', 'x'],
  ['upgrade', 'h2c'],
  ['te', 'trailers'],
  ['origin', 'http://localhost:5173'],
  ['origin', 'https://evil.example.com'],
  ['origin', 'null'],
  ['host', 'evil.example.com'],
  ['host', '127.0.0.1:80'],
  ['connection', 'close'],
  ['connection', 'keep-alive'],
  ['x-http-method-override', 'GET'],
  ['mcp-protocol-version-x', '1'],
  ['x-large', 'x'.repeat(8_000)],
];

const beside = (base: HttpRequest): HttpRequest[] =>
  otherHeaders.map(([header, value]) => named(base, `${header} ${JSON.stringify(value.slice(0, 60))}`, withHeader(base, header, value)));

const upper = (base: HttpRequest): HttpRequest =>
  named(base, 'header names in capitals', { headers: base.headers.map(([header, value]) => [header.toUpperCase(), value] as const) });
const padded = (base: HttpRequest): HttpRequest =>
  named(base, 'header values among spaces', { headers: base.headers.map(([header, value]) => [header, `  ${value} \t`] as const) });

/** Calls whose arguments are also sent in headers, correctly and incorrectly. */
const region = (args: object, headers: Record<string, string>): HttpRequest => {
  const base = call(modernVersion, 'reference_route_region', args);
  return named(base, `${JSON.stringify(args)} under ${JSON.stringify(headers)}`, {
    headers: [...base.headers, ...Object.entries(headers)],
  });
};
const mirrored: readonly HttpRequest[] = [
  region({}, {}),
  region({ region: 'eu' }, {}),
  region({ region: 'eu' }, { 'mcp-param-region': 'eu' }),
  region({ region: 'eu' }, { 'Mcp-Param-Region': 'eu' }),
  region({ region: 'eu' }, { 'mcp-param-region': 'us' }),
  region({ region: 'Zürich' }, { 'mcp-param-region': base64('Zürich') }),
  region({ region: 'Zürich' }, { 'mcp-param-region': 'Zürich' }),
  region({ region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }),
  region({ region: '' }, { 'mcp-param-region': '' }),
  region({ region: '' }, {}),
  region({ region: null }, {}),
  region({ region: null }, { 'mcp-param-region': 'null' }),
  region({ region: 7 }, { 'mcp-param-region': '7' }),
  region({ count: 7 }, { 'mcp-param-count': '7' }),
  region({ count: 7 }, { 'mcp-param-count': '7.0' }),
  region({ count: 7 }, { 'mcp-param-count': '0x7' }),
  region({ count: 7 }, {}),
  region({ count: '7' }, { 'mcp-param-count': '7' }),
  region({ count: 1e21 }, { 'mcp-param-count': '1e21' }),
  region({ count: 1e21 }, { 'mcp-param-count': '1e+21' }),
  region({ count: -0 }, { 'mcp-param-count': '0' }),
  region({ plain: 'a' }, { 'mcp-param-plain': 'b' }),
  region({ region: 'eu', count: 1 }, { 'mcp-param-region': 'eu', 'mcp-param-count': '1' }),
  region({ region: 'eu', count: 1 }, { 'mcp-param-region': 'eu', 'mcp-param-count': '2' }),
  region({}, { 'mcp-param-region': 'eu' }),
  region({ region: ['eu'] }, {}),
  region({ region: {} }, { 'mcp-param-region': '[object Object]' }),
  region({ other: 1 }, {}),
  region({ region: 'a b' }, { 'mcp-param-region': 'a b' }),
  region({ region: ' a ' }, { 'mcp-param-region': ' a ' }),
  ...[undefined, ...legacyVersions].flatMap((version) => [
    named(call(version, 'reference_route_region', { region: 'eu' }), 'without its header'),
    named(
      call(version, 'reference_route_region', { region: 'eu', count: 2 }),
      'with a wrong header',
      withHeader(call(version, 'reference_route_region', { region: 'eu', count: 2 }), 'mcp-param-region', 'us'),
    ),
  ]),
];

/** Modern bodies with older headers, and older bodies with modern headers. */
const crossed: readonly HttpRequest[] = [...legacyVersions, 'unknown', undefined].flatMap((version) => {
  const swap = (request: HttpRequest, form: string, values: readonly string[]) =>
    named(request, `${form} under ${version ?? 'no version'}`, withHeader(request, 'mcp-protocol-version', ...values));
  const values = version === undefined ? [] : [version];
  return [
    ...bases.slice(0, 3).map((base) => swap(base, 'modern body', values)),
    ...['tools/list', 'ping', 'initialize', 'server/discover', 'tools/call'].map((method) =>
      swap(legacy(modernVersion, method), 'older body', values),
    ),
    ...['ping', 'initialize', 'resources/list'].map((method) => swap(modern(method), 'modern body', values)),
  ];
});

/** Requests with all kinds of headers. */
export const headers: readonly HttpRequest[] = [
  ...fewBases.flatMap((base) => [...negotiated(base), ...standard(base), ...beside(base), upper(base), padded(base)]),
  ...mirrored,
  ...crossed,
];
