import { label, named, withParams, type HttpRequest } from '../http-request.ts';
import { fewBases } from '../requests.ts';

const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

/** Bodies that are nearly JSON, or JSON in an unusual form. */
function bodiesOf(base: HttpRequest): HttpRequest[] {
  const json = base.body.toString();
  const unusual: Record<string, string | Buffer> = {
    'whitespace around': ` \t\r\n${json}\n\n `,
    'whitespace within': JSON.stringify(JSON.parse(json), undefined, 2),
    'a space that JSON does not have': `\u00a0${json}`,
    'a form feed before': `\f${json}`,
    'a byte order mark': bytes([0xef, 0xbb, 0xbf], json),
    'two byte order marks': bytes([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], json),
    'UTF-16': Buffer.from(json, 'utf16le'),
    'a NUL after': `${json}\u0000`,
    'a NUL before': `\u0000${json}`,
    'garbage after': `${json}x`,
    'a comma after': `${json},`,
    'a brace after': `${json}}`,
    twice: `${json}${json}`,
    'two lines': `${json}\n${json}`,
    'a missing end': json.slice(0, -1),
    'a missing beginning': json.slice(1),
    'cut in half': json.slice(0, json.length / 2),
    'a trailing comma within': json.replace(/}$/, ',}'),
    'single quotes': json.replaceAll('"', "'"),
    'a comment': `/* a */${json}`,
    'a batch of one': `[${json}]`,
    'a batch of two': `[${json},${json}]`,
    'in an object': `{"a":${json}}`,
    'in a string': JSON.stringify(json),
    'invalid UTF-8 in a value': bytes(json.replace(/}$/, ',"extra":"'), [0xff, 0xfe, 0xc0], '"}'),
    'an overlong NUL': bytes(json.replace(/}$/, ',"extra":"'), [0xc0, 0x80], '"}'),
    'a surrogate in UTF-8': bytes(json.replace(/}$/, ',"extra":"'), [0xed, 0xa0, 0x80], '"}'),
    'a cut character': bytes(json.replace(/}$/, ',"extra":"'), [0xf0, 0x9f], '"}'),
    'a control character in a string': json.replace(/}$/, ',"extra":"\n"}'),
    'a number with a leading zero': json.replace(/}$/, ',"extra":07}'),
    'a hexadecimal number': json.replace(/}$/, ',"extra":0x7}'),
    NaN: json.replace(/}$/, ',"extra":NaN}'),
    undefined: json.replace(/}$/, ',"extra":undefined}'),
    'a very large number': json.replace(/}$/, ',"extra":1e999}'),
    'deep arrays': json.replace(/}$/, `,"extra":${'['.repeat(2_000)}${']'.repeat(2_000)}}`),
    'very deep arrays': json.replace(/}$/, `,"extra":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
    'a text of 64 KB': json.replace(/}$/, `,"extra":"${'x'.repeat(65_536)}"}`),
    'a thousand keys': json.replace(/}$/, `,${Array.from({ length: 1_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`),
    'an empty key': json.replace(/}$/, ',"":1}'),
  };
  return Object.entries(unusual).map(([name, body]) => named(base, name, { body }));
}

/** Bodies that are not messages at all. */
const alone: readonly HttpRequest[] = [
  '',
  ' ',
  '\n',
  '{}',
  '[]',
  'null',
  'true',
  '7',
  '-',
  '"text"',
  '""',
  '[[]]',
  '[null]',
  '[{}]',
  '{"jsonrpc":"2.0"}',
  '{"jsonrpc":"2.0","id":7}',
  '{"jsonrpc":"2.0","id":7,"result":{}}',
  '{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"a"}}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"a"}}',
  '{"jsonrpc":"2.0","result":{}}',
  '{"method":"ping"}',
  '{"id":7,"method":"ping"}',
  '{"method":"tools/list","params":{}}',
  '\u0000',
  '\ufeff',
  'GET / HTTP/1.1',
  '<xml/>',
  'a=b',
].flatMap((body) =>
  fewBases
    .slice(0, 4)
    .filter((_, i) => i !== 1 && i !== 2)
    .map((base) => named(base, `${JSON.stringify(body)} for a body`, { body })),
);

/** `params` of every kind, and `params` with keys that the method does not know. */
function paramsOf(base: HttpRequest): HttpRequest[] {
  const json = JSON.parse(base.body.toString()) as Record<string, unknown>;
  const whole = (value: unknown, name = JSON.stringify(value)): HttpRequest =>
    named(base, `params ${name}`, { body: JSON.stringify({ ...json, params: value }) });
  const also = (change: object): HttpRequest => named(base, `params with ${label(change)}`, withParams(base, change));
  return [
    ...[undefined, null, [], [1], 'text', '', 7, 0, true, {}].map((value) => whole(value)),
    whole([json['params']], 'in an array'),
    also({ extra: 1 }),
    also({ extra: { a: [null] } }),
    also({ cursor: 'page-2' }),
    also({ cursor: '' }),
    also({ cursor: null }),
    also({ cursor: 7 }),
    also({ name: undefined }),
    also({ name: '' }),
    also({ name: 7 }),
    also({ name: null }),
    also({ name: ['a'] }),
    also({ name: 'other' }),
    also({ arguments: undefined }),
    also({ arguments: null }),
    also({ arguments: [] }),
    also({ arguments: 'a' }),
    also({ arguments: 7 }),
    also({ _meta: null }),
    also({ _meta: [] }),
    also({ _meta: 'a' }),
    also({ _meta: {} }),
    also({ _meta: undefined }),
    also({ task: {} }),
    also({ task: { ttl: 1_000 } }),
    also({ task: null }),
    also({ inputResponses: {} }),
    also({ inputResponses: null }),
    also({ requestState: '' }),
    also({ requestState: 'made up' }),
    also({ requestState: 7 }),
    also({ resultType: 'complete' }),
    also({ uri: 'reference://a' }),
    named(base, 'params twice', { body: base.body.toString().replace(/}$/, ',"params":{}}') }),
    named(base, 'params twice, the last one null', { body: base.body.toString().replace(/}$/, ',"params":null}') }),
    named(base, 'params with an own __proto__', {
      body: base.body.toString().replace('"params":{', '"params":{"__proto__":{"name":"a"},'),
    }),
    named(base, 'params with an own constructor', {
      body: base.body.toString().replace('"params":{', '"params":{"constructor":{"prototype":{}},'),
    }),
  ];
}

/** Bodies other than plain messages. */
export const bodies: readonly HttpRequest[] = [...fewBases.flatMap((base) => [...bodiesOf(base), ...paramsOf(base)]), ...alone];
