import { label, named, withMeta, withParams, type HttpRequest } from '../http-request.ts';
import { call, fewBases, modernVersion } from '../requests.ts';

const own = 'io.modelcontextprotocol/';

/** A request's metadata, key by key. */
const metas: readonly Record<string, unknown>[] = [
  { progressToken: 'p' },
  { progressToken: '' },
  { progressToken: 7 },
  { progressToken: 0 },
  { progressToken: 1.5 },
  { progressToken: null },
  { progressToken: {} },
  { progressToken: ['p'] },
  { progressToken: true },
  { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  { traceparent: 'nonsense' },
  { traceparent: 7 },
  { traceparent: null },
  { tracestate: 'a=b' },
  { baggage: 'a=b' },
  { 'busbar/idempotencyKey': '' },
  { 'busbar/idempotencyKey': 7 },
  { 'busbar/idempotencyKey': null },
  { 'busbar/idempotencyKey': 'k'.repeat(256) },
  { 'busbar/idempotencyKey': ['k'] },
  { 'busbar/other': 1 },
  { extra: 1 },
  { 'reference/a': { b: [null] } },
  { __proto__x: 1 },
  { '': 1 },
  { 'a/b/c': 1 },
  { [`${own}unknown`]: 1 },
  { [`${own}relatedTask`]: { taskId: 'a' } },
  { [`${own}related-task`]: { taskId: 'a' } },
  { [`${own}logLevel`]: 'debug' },
  { [`${own}logLevel`]: 'loud' },
  { [`${own}logLevel`]: 7 },
  { [`${own}subscriptionId`]: 7 },
  ...[undefined, null, '', '2026-07-29', '2025-11-25', '2024-11-05', 20_260_728, {}, [modernVersion]].map((version) => ({
    [`${own}protocolVersion`]: version,
  })),
  ...[
    undefined,
    null,
    {},
    'a',
    [],
    { name: 'a' },
    { name: 7, version: '1' },
    { name: 'a', version: '1', extra: 1 },
    { name: '', version: '' },
    { name: 'a', version: '1', title: 'A', icons: [{ src: 'https://a.example/i.png' }], websiteUrl: 'https://a.example' },
    { name: 'a', version: '1', icons: [{}] },
    { name: 'a', version: '1', websiteUrl: 'nonsense' },
    { name: 'a', version: '1', description: 'A' },
    { name: 'a', version: '1', title: null },
  ].map((info) => ({ [`${own}clientInfo`]: info })),
  ...[
    undefined,
    null,
    'a',
    [],
    7,
    { extra: 1 },
    { elicitation: {} },
    { elicitation: { form: {} } },
    { elicitation: { url: {} } },
    { elicitation: { form: {}, url: {} } },
    { elicitation: null },
    { elicitation: true },
    { elicitation: { form: 7 } },
    { elicitation: { form: { applyDefaults: true } } },
    { roots: {} },
    { roots: { listChanged: null } },
    { sampling: { context: {} } },
    { sampling: { tools: { a: 1 } } },
    { elicitation: {}, sampling: {}, roots: {} },
    { sampling: {} },
    { sampling: { tools: {} } },
    { sampling: 7 },
    { roots: { listChanged: true } },
    { roots: { listChanged: 'yes' } },
    { tasks: {} },
    { experimental: { a: {} } },
    { experimental: { a: 7 } },
    { extensions: { 'a/b': {} } },
    { extensions: { 'a/b': 7 } },
  ].map((capabilities) => ({ [`${own}clientCapabilities`]: capabilities })),
];

const described = (base: HttpRequest): HttpRequest[] => [
  ...metas.map((meta) => named(base, `_meta with ${label(meta)}`, withMeta(base, meta))),
  named(base, '_meta with progress alone', withParams(base, { _meta: { progressToken: 'p' } })),
  named(base, '_meta with an own __proto__', { body: withMetaText(base, '"__proto__":{"progressToken":"p"}') }),
  named(base, '_meta with a key twice', { body: withMetaText(base, '"a":1,"a":2') }),
  named(base, '_meta with progressToken twice', { body: withMetaText(base, '"progressToken":1,"progressToken":"p"') }),
];

function withMetaText(base: HttpRequest, text: string): string {
  const body = JSON.stringify(JSON.parse(withMeta(base, { marker: 1 }).body?.toString() ?? ''));
  return body.replace('"marker":1', text);
}

const key = (version: string | undefined, value: string, text = 'keyed') => {
  const base = call(version, 'reference_write_text', { text });
  return named(
    base,
    `idempotency key ${JSON.stringify(value.slice(0, 20))} for ${text}`,
    withMeta(base, { 'busbar/idempotencyKey': value }),
  );
};

/** Requests with valid and invalid `_meta`. Valid idempotency keys go to a tool that shows them. */
export const meta: readonly HttpRequest[] = [
  ...fewBases.flatMap(described),
  ...[modernVersion, '2025-11-25', undefined].flatMap((version) => [
    key(version, `one ${version}`),
    key(version, `${'k'.repeat(240)} ${version}`),
    key(version, `ключ 🐦 ${version}`),
    key(version, ` spaces ${version} `),
    key(version, `__proto__`),
    key(version, `\u0000${version}`),
    key(version, `\ud800${version}`),
  ]),
];
