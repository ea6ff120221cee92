import type { HttpRequest, Header } from './http-request.ts';

/** The revision that the SDK calls modern. */
export const modernVersion = '2026-07-28';

/** Every older revision. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

const json: readonly Header[] = [
  ['content-type', 'application/json'],
  ['accept', 'application/json, text/event-stream'],
];

/** A request of revision 2026-07-28, in the form that the official client sends. */
export function modern(method: string, params: Record<string, unknown> = {}, capabilities: object = {}): HttpRequest {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': modernVersion,
    'io.modelcontextprotocol/clientInfo': { name: 'differential', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    ...(params['_meta'] as object | undefined),
  };
  const name = params['name'] ?? params['uri'];
  return {
    name: `modern ${method}`,
    headers: [
      ...json,
      ['mcp-protocol-version', modernVersion],
      ['mcp-method', method],
      ...(typeof name === 'string' ? [['mcp-name', name] as const] : []),
    ],
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params: { ...params, _meta } }),
  };
}

/** A request of an older revision. Without a version it has no version header, as in 2025-03-26 and before. */
export function legacy(version: string | undefined, method: string, params?: object): HttpRequest {
  return {
    name: `${version ?? 'unversioned'} ${method}`,
    headers: [...json, ...(version === undefined ? [] : [['mcp-protocol-version', version] as const])],
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, ...(params && { params }) }),
  };
}

/** A call of a tool, in the form of any version, the modern one included. */
export const call = (version: string | undefined, name: string, args: unknown = {}, capabilities?: object): HttpRequest =>
  version === modernVersion
    ? modern('tools/call', { name, arguments: args }, capabilities)
    : legacy(version, 'tools/call', { name, arguments: args });

/** The first request of an older client. */
export const initialize = (version: unknown, header?: string): HttpRequest => ({
  ...legacy(header, 'initialize', {
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: 'differential', version: '1' },
  }),
  name: `initialize ${JSON.stringify(version)}${header === undefined ? '' : ` under ${header}`}`,
});

/** A plain request for each method that the fast lane answers, in each of its forms. */
export const bases: readonly HttpRequest[] = [
  call(modernVersion, 'reference_echo_text', { text: 'a' }),
  modern('tools/list'),
  modern('server/discover'),
  call('2025-11-25', 'reference_echo_text', { text: 'a' }),
  call('2025-03-26', 'reference_echo_text', { text: 'a' }),
  call(undefined, 'reference_echo_text', { text: 'a' }),
  legacy('2025-11-25', 'tools/list'),
  legacy('2025-06-18', 'tools/list', {}),
  legacy('2024-11-05', 'ping'),
  legacy(undefined, 'ping', {}),
  initialize('2025-11-25'),
  initialize('2024-11-05', '2024-11-05'),
];

/** A request of each method, and calls of modern and older clients. Most unusual requests are variants of these. */
export const fewBases: readonly HttpRequest[] = [0, 1, 2, 3, 9, 10].flatMap((i) => bases[i] ?? []);
