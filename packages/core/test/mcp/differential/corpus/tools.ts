import { errorCodes } from '../../../../src/index.ts';
import { label, named, withHeader, withMeta, withParams, type HttpRequest } from '../http-request.ts';
import { call, modernVersion } from '../requests.ts';
import { contents, metas, values } from '../unusual-answers.ts';

const versions = [modernVersion, '2025-11-25', undefined];
const both = [modernVersion, '2025-11-25'];

const withLabel = (request: HttpRequest, name: string): HttpRequest => named(request, name.slice(0, 120));

const text = { type: 'text', text: 'said' };
const givenAnswers: readonly object[] = [
  {},
  { output: {} },
  { output: { a: 1 }, content: [] },
  { output: { a: 1 }, content: [text, text] },
  { content: [text] },
  { output: null },
  { output: [{}], content: [text] },
  { output: { content: 1, isError: true, _meta: { a: 1 } } },
  { output: { resultType: 'input_required' } },
  { output: {}, meta: {} },
  { output: {}, meta: { 'busbar/a': 1 } },
  { output: {}, meta: { 'busbar/a': 1, 'other/b': 2 } },
  { output: {}, meta: { 'busbar/': null } },
  { output: {}, meta: { a: 1 } },
  { output: {}, meta: { 'io.modelcontextprotocol/serverInfo': 7 } },
  { output: {}, meta: { 'io.modelcontextprotocol/unknown': 7 } },
  { output: {}, meta: [1] },
  { output: {}, meta: 'text' },
  { output: {}, meta: 7 },
  { output: {}, meta: true },
  { output: { a: [{ b: null }] }, meta: { 'busbar/a': { b: [null] } } },
  { content: [{ ...text, _meta: {} }] },
  { content: [{ ...text, annotations: {} }] },
  { content: [{ ...text, annotations: { audience: ['no one'] } }] },
  { content: [{ text: 'a', type: 'text' }] },
  { content: [{ type: 'text', text: null }] },
  { content: [{ type: 'text', text: { a: 1 } }] },
  { content: [{ type: 'text', other: 'a' }] },
  { content: ['text'] },
  { content: [[]] },
  { content: [7] },
  { content: 'text' },
  { content: {} },
  { content: 7 },
];

/** Valid calls of each tool, in each revision, with all kinds of answers. */
const answers = versions.flatMap((version): HttpRequest[] => [
  ...Object.keys(values).flatMap((kind) => [
    withLabel(call(version, 'reference_give_value', { kind }), `value ${kind}`),
    withLabel(call(version, 'reference_say_value', { kind }), `value in words ${kind}`),
  ]),
  ...Object.keys(contents).map((kind) => withLabel(call(version, 'reference_show_content', { kind }), `content ${kind}`)),
  ...givenAnswers.map((args) => withLabel(call(version, 'reference_return_given', args), `given ${label(args)}`)),
  ...Object.keys(metas).map((kind) => withLabel(call(version, 'reference_show_meta', { kind }), `meta ${kind}`)),
  ...['reference_write_text', 'reference_delete_text', 'reference_warn_twice', 'reference_read_cached'].map((name) =>
    withLabel(call(version, name, { text: 'a' }), name),
  ),
  ...[
    'reference_throw_string',
    'reference_throw_coded',
    'reference_break_output',
    'many_read_region',
    'reference_ask_twice',
    'reference_read_secretly',
  ].map((name) => withLabel(call(version, name), name)),
  ...['one', 'two', 'three', '', 7, null].map((connection) =>
    withLabel(call(version, 'many_read_region', { connection }), `connection ${JSON.stringify(connection)}`),
  ),
  ...[0, 1, 10_000, 40_000, 600_000].map((length) => withLabel(call(version, 'reference_give_much', { length }), `${length} characters`)),
]);

const failures = both.flatMap((version): HttpRequest[] =>
  Object.keys(errorCodes).flatMap((code) => [
    withLabel(call(version, 'reference_fail_known', { code }), code),
    withLabel(call(version, 'reference_fail_known', { code, wait: true }), `${code} with a wait`),
  ]),
);

/** Unknown tool names, including names that every JavaScript object has as a property. */
const unknown = both.flatMap((version): HttpRequest[] =>
  [
    'reference',
    'reference_no_such',
    'REFERENCE_ECHO_TEXT',
    'reference_echo_text ',
    ' reference_echo_text',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'tools/call',
    '../etc',
    'n'.repeat(200),
    '🐦',
    'é',
    '"',
    '\\',
    '\u0000',
    '\n',
  ].map((name) => withLabel(call(version, name), label(name, 60))),
);

const texts = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\udc00\ud800',
  '🐦',
  '\u2028\u2029',
  '</script>',
  '"\\\b\f\n\r\t',
  'é'.repeat(100),
  'x'.repeat(65_536),
  'data: a\n\nevent: b',
  '__proto__',
  '\ufeff',
  '\u202e',
  'null',
];

const nested = (depth: number, leaf: unknown): unknown => (depth === 0 ? leaf : { a: [nested(depth - 1, leaf)] });

const argumentsOf = (version: string): HttpRequest[] => [
  ...texts.map((text) => withLabel(call(version, 'reference_echo_text', { text }), `text ${label(text, 60)}`)),
  ...[
    {},
    { text: 7 },
    { text: null },
    { text: ['a'] },
    { text: { toString: 'a' } },
    { text: true },
    { Text: 'a' },
    { txt: 'a' },
    { text: 'a', extra: 1 },
    { text: 'a', connection: 'one' },
    { text: 'a', '': 1 },
    [],
    ['a'],
    'a',
    7,
    null,
    true,
  ].map((args) => withLabel(call(version, 'reference_echo_text', args), `arguments ${JSON.stringify(args)}`)),
  ...[
    { name: 'ab' },
    { name: 'a' },
    { name: 'abcdef' },
    { name: 'ab', count: 0 },
    { name: 'ab', count: 1.5 },
    { name: 'ab', count: '1' },
    { name: 'ab', count: 1e300 },
    { name: 'ab', ratio: -0 },
    { name: 'ab', ratio: 1e-7 },
    { name: 'ab', open: 'yes' },
    { name: 'ab', colour: 'gren' },
    { name: 'ab', tags: ['a', 7] },
    { name: 'ab', tags: ['a', 'b', 'c', 'd'] },
    { name: 'ab', place: {} },
    { name: 'ab', place: { city: 'Bern', town: 1 } },
    { name: 'ab', place: null },
    { name: 7, count: 'a', ratio: 'b', open: 1, colour: 2, tags: 3, place: 4, nope: 5 },
  ].map((args) => withLabel(call(version, 'reference_check_input', args), label(args))),
  ...[
    {},
    { a: { b: { c: [1, [2, [3]]] } } },
    { '2': 1, '1': 2, b: 3, a: 4 },
    { n: 1e300 },
    { n: 1e-320 },
    { toJSON: 1 },
    { constructor: 1, hasOwnProperty: 2 },
    { a: [null, true, false] },
    nested(50, 1),
    nested(400, 1),
  ].map((args) =>
    withLabel(call(version, 'reference_echo_all', args), `all of ${JSON.stringify(args).length} characters ${label(args, 60)}`),
  ),
  ...[
    '{"__proto__":{"polluted":1}}',
    '{"a":{"b":[{"__proto__":{"polluted":1}}]}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"a":1,"a":2}',
    '{"a":1,"__proto__":null,"a":3}',
    '{"n":1E5,"m":-0,"o":0.1e1,"p":100000000000000000000000}',
    '{"k":"\\u0041\\/\\ud83d\\udc26"}',
    '{ "a" : [ ] }',
    `{"s":"${'y'.repeat(70_000)}"}`,
  ].map((text) => {
    const base = call(version, 'reference_echo_all', { marker: 1 });
    return withLabel({ ...base, body: base.body.toString().replace('{"marker":1}', text) }, `arguments as text ${text.slice(0, 80)}`);
  }),
];

const calls = both.flatMap(argumentsOf);

const report = (version: string | undefined, args: object, progressToken: unknown): HttpRequest => {
  const base = call(version, 'reference_report_progress', args);
  return withLabel({ ...base, ...withMeta(base, { progressToken }) }, `${label(args)} to ${label(progressToken)}`);
};
const reports: readonly object[] = [
  { steps: [] },
  { steps: [1] },
  { steps: [0, 50, 20, 50, 100], total: 100 },
  { steps: [1, 2, 3], message: 'at \n\n🐦' },
  { steps: [0.5, -1, 1e300] },
  { steps: [1, 2], slowly: true },
  { steps: [1, 2, 3], slowly: true, total: 3 },
  { steps: [1], end: 'fail' },
  { steps: [1], end: 'fail', slowly: true },
  { steps: [1], end: 'ask' },
  { steps: [], end: 'ask' },
];

// More reports than the server sends.
const endless = { steps: Array.from({ length: 1_200 }, (_, i) => i) };

/** Calls that report progress, with tokens of every kind and without one. */
const progress = versions.flatMap((version): HttpRequest[] => [
  ...reports.flatMap((args) => [report(version, args, 'p'), report(version, args, undefined)]),
  ...[7, 0, '', -1, 1.5, null, {}, true].map((token) => report(version, { steps: [1] }, token)),
  ...['application/json', 'text/event-stream', '*/*'].map((accept) => {
    const base = report(version, { steps: [1, 2] }, 'p');
    return named(base, `accept ${accept}`, withHeader(base, 'accept', accept));
  }),
]);

const endlessly = both.map((version) => report(version, endless, 'p'));

/** Calls with names and arguments in the wrong places. */
const misplaced = both.flatMap((version): HttpRequest[] => {
  const base = call(version, 'reference_echo_text', { text: 'a' });
  return [
    named(base, 'no name', withParams(base, { name: undefined })),
    named(base, 'text among params', withParams(base, { arguments: undefined, text: 'a' })),
    named(base, 'tool for name', withParams(base, { name: undefined, tool: 'reference_echo_text' })),
    named(base, 'arguments twice', { body: base.body.toString().replace('"arguments":', '"arguments":{"text":"b"},"arguments":') }),
    named(base, 'name twice', { body: base.body.toString().replace('"name":', '"name":"reference_echo_all","name":') }),
  ];
});

/** Calls with all kinds of input and of answers. */
export const tools: readonly HttpRequest[] = [...answers, ...failures, ...unknown, ...calls, ...progress, ...endlessly, ...misplaced];
