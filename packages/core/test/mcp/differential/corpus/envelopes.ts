import { named, withHeader, withMessage, type HttpRequest } from '../http-request.ts';
import { fewBases } from '../requests.ts';

// JSON-RPC allows a string, a number without a fraction, or no id at all. JSON.stringify cannot write some of these.
const ids = [
  '"7"',
  '""',
  '"a b"',
  '"\\u0000"',
  '"\\ud800"',
  '"🐦"',
  '"__proto__"',
  `"${'i'.repeat(300)}"`,
  '0',
  '-0',
  '-1',
  '1.5',
  '7.0',
  '1e2',
  '1E400',
  '-1e-400',
  '9007199254740991',
  '9007199254740993',
  '-9007199254740993',
  '123456789012345678901234567890',
  'null',
  'true',
  'false',
  '[]',
  '[7]',
  '{}',
  '{"id":7}',
];

/** Requests with ids of every kind, and without an id. */
const idsOf = (base: HttpRequest): HttpRequest[] => [
  ...ids.map((id) => named(base, `id ${id.slice(0, 40)}`, { body: base.body.toString().replace('"id":7', `"id":${id}`) })),
  named(base, 'no id', withMessage(base, { id: undefined })),
  named(base, 'id under another key', withMessage(base, { id: undefined, ID: 7 })),
  named(base, 'id twice', { body: base.body.toString().replace('"id":7', '"id":7,"id":8') }),
  named(base, 'id twice, the last one null', { body: base.body.toString().replace('"id":7', '"id":7,"id":null') }),
];

const versions: readonly unknown[] = [undefined, '1.0', '2', 2, '2.00', '2.0 ', ' 2.0', null, true, ['2.0'], {}];

/** Messages that are only partly JSON-RPC. */
const envelopesOf = (base: HttpRequest): HttpRequest[] => [
  ...versions.map((jsonrpc) => named(base, `jsonrpc ${JSON.stringify(jsonrpc)}`, withMessage(base, { jsonrpc }))),
  ...[
    undefined,
    '',
    null,
    7,
    ['tools/call'],
    {},
    'TOOLS/CALL',
    'tools/call ',
    ' tools/list',
    'tools//list',
    'tools/list\u0000',
    '__proto__',
    'toString',
  ].map((method) => named(base, `method ${JSON.stringify(method)}`, withMessage(base, { method }))),
  named(base, 'another method in the header alone', withHeader(base, 'mcp-method', 'tools/call')),
  named(base, 'unknown keys', withMessage(base, { extra: 1, more: { a: [] } })),
  named(base, 'with a result', withMessage(base, { result: {} })),
  named(base, 'with an error', withMessage(base, { error: { code: 1, message: 'a' } })),
  named(base, 'with a null result', withMessage(base, { result: null })),
  named(base, 'method twice', { body: base.body.toString().replace('"method":', '"method":"ping","method":') }),
  named(base, 'method twice, the last one different', { body: base.body.toString().replace(/"method":"[^"]+"/, '$&,"method":"ping"') }),
  named(base, 'jsonrpc twice', { body: base.body.toString().replace('"jsonrpc":"2.0"', '"jsonrpc":"1.0","jsonrpc":"2.0"') }),
  named(base, 'an own __proto__', { body: base.body.toString().replace('{', '{"__proto__":{"method":"ping"},') }),
  named(base, 'keys in another order', {
    body: JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(base.body.toString()) as object).reverse())),
  }),
  named(base, 'an escaped key', { body: base.body.toString().replace('"method"', '"\\u006dethod"') }),
  named(base, 'an escaped slash', { body: base.body.toString().replace('/', '\\/') }),
];

/** Every kind of id and of JSON-RPC envelope. */
export const envelopes: readonly HttpRequest[] = fewBases.flatMap((base) => [...idsOf(base), ...envelopesOf(base)]);
