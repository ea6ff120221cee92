import { named, withHeader, type HttpRequest } from '../http-request.ts';
import { bases, call, fewBases, legacyVersions, modern, modernVersion } from '../requests.ts';

const tokens = [
  'Bearer narrow',
  'Bearer none',
  'Bearer limited',
  'Bearer broken',
  'Bearer away',
  'Bearer unknown',
  'Bearer',
  'Bearer ',
  'bearer narrow',
  'Basic narrow',
  'narrow',
  '',
  'Bearer narrow extra',
  'Bearer  narrow ',
];

const as = (request: HttpRequest, token: string): HttpRequest =>
  named(request, `authorization ${JSON.stringify(token)}`, withHeader(request, 'authorization', token));

const hidden = [modernVersion, ...legacyVersions].flatMap((version) => [
  as(call(version, 'reference_read_secretly', { text: 'a' }), 'Bearer narrow'),
  named(as(call(version, 'reference_echo_text', { text: 'a' }), 'Bearer narrow'), 'a tool of another toolset'),
  named(as(call(version, 'reference_no_such', {}), 'Bearer none'), 'no such tool'),
  named(as(call(version, 'many_read_region', {}), 'Bearer none'), 'no such connection'),
]);

const bad = bases.map((base) => as(named(base, 'no JSON', { body: '{' }), 'Bearer narrow'));
const large = bases.slice(2, 4).map((base) => named(base, 'five megabytes', { body: `${base.body.toString()}${' '.repeat(5_000_000)}` }));

/** Requests with all kinds of keys, toolsets and limits, and requests that are too large. */
export const callers: readonly HttpRequest[] = [
  ...fewBases.flatMap((base) => tokens.map((token) => as(base, token))),
  ...hidden,
  ...bad,
  ...large,
  as(modern('prompts/list'), 'Bearer narrow'),
];
