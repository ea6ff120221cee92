/** Structured outputs that clients before 2026-07-28 cannot accept as they are, and some that they can. */
export const values: Readonly<Record<string, unknown>> = {
  object: { a: 1 },
  'empty object': {},
  array: [1, { b: 2 }, null],
  'empty array': [],
  string: 'text',
  'empty string': '',
  number: 1.5,
  zero: 0,
  true: true,
  false: false,
  null: null,
  date: new Date(0),
  unicode: { 'ключ \u2028': '🐦\u0000\u2029"\\' },
  'lone surrogate': { text: '\ud800' },
  'key order': { b: 1, 2: 2, a: 3, 1: 4 },
  'own __proto__': JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
  'own __proto__ within': { a: JSON.parse('[{"__proto__":{"b":1}}]') },
  'no prototype': Object.assign(Object.create(null), { a: 1 }),
  'an object of a class': new (class Own {
    readonly a = 1;
  })(),
  map: new Map([['a', 1]]),
  'undefined within': { a: undefined, b: [undefined], c: () => 1 },
  'no numbers': { a: Number.NaN, b: Infinity, c: -0 },
  'own toJSON': { toJSON: () => ({ from: 'toJSON' }) },
  'result keys': { resultType: 'x', isError: true, _meta: {}, content: [] },
};

/** Unusual content that a plugin can return. */
export const contents: Readonly<Record<string, readonly unknown[]>> = {
  none: [],
  text: [{ type: 'text', text: 'said' }],
  'empty text': [{ type: 'text', text: '' }],
  'text with more keys': [{ type: 'text', text: 'said', annotations: { priority: 1 }, extra: 1, _meta: { a: 1 } }],
  'keys in another order': [{ text: 'said', type: 'text' }],
  'text that is not a string': [{ type: 'text', text: 7 }],
  'missing text': [{ type: 'text' }],
  'an unknown type': [{ type: 'video', data: 'AAAA' }],
  null: [null],
  image: [{ type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' }],
  'an image that is not Base64': [{ type: 'image', data: 'not base64!', mimeType: 'image/png' }],
  audio: [{ type: 'audio', data: 'UklGRg==', mimeType: 'audio/wav' }],
  link: [{ type: 'resource_link', uri: 'reference://a', name: 'a', description: 'A', mimeType: 'text/plain' }],
  'a link without a name': [{ type: 'resource_link', uri: 'reference://a' }],
  'an embedded text': [{ type: 'resource', resource: { uri: 'reference://a', text: 'a', mimeType: 'text/plain' } }],
  'an embedded blob': [{ type: 'resource', resource: { uri: 'reference://a', blob: 'AAAA' } }],
  'an embedded resource without content': [{ type: 'resource', resource: { uri: 'reference://a' } }],
  'a mixture': [
    { type: 'text', text: 'a' },
    { type: 'image', data: 'AAAA', mimeType: 'image/png' },
    { type: 'text', text: 'b' },
  ],
};

/** Result metadata, some of it under keys that the protocol reserves. */
export const metas: Readonly<Record<string, Record<string, unknown>>> = {
  plain: { 'reference/note': 'seen' },
  empty: {},
  'the server’s own': { 'io.modelcontextprotocol/serverInfo': { name: 'forged', version: '9' } },
  'a progress token': { progressToken: 'x' },
  nested: { 'reference/a': { b: [1, null, { c: '🐦' }] } },
};
