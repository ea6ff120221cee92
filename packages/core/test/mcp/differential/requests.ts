import type { Draft, Header } from './http-request.ts';

/** The revision that the SDK calls modern. */
export const modernVersion = '2026-07-28';

/** Every older revision. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

const json: readonly Header[] = [
  ['content-type', 'application/json'],
  ['accept', 'application/json, text/event-stream'],
];

/** A request of revision 2026-07-28, in the form that the official client gives it. */
export function modern(method: string, params: Record<string, unknown> = {}, capabilities: object = {}): Draft {
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

/** A request of an older revision. Without a version it has no header of it, as 2025-03-26 and before. */
export function legacy(version: string | undefined, method: string, params?: object): Draft {
  return {
    name: `${version ?? 'unversioned'} ${method}`,
    headers: [...json, ...(version === undefined ? [] : [['mcp-protocol-version', version] as const])],
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, ...(params && { params }) }),
  };
}

/** A call of a tool, in the form of a version, or of the modern one. */
export const call = (version: string | undefined, name: string, args: unknown = {}, capabilities?: object): Draft =>
  version === modernVersion
    ? modern('tools/call', { name, arguments: args }, capabilities)
    : legacy(version, 'tools/call', { name, arguments: args });

/** What an older client begins with. */
export const initialize = (version: unknown, header?: string): Draft => ({
  ...legacy(header, 'initialize', {
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: 'differential', version: '1' },
  }),
  name: `initialize ${JSON.stringify(version)}${header === undefined ? '' : ` under ${header}`}`,
});

/** A plain request for each method that has a fast lane, in each form that it has. */
export const bases: readonly Draft[] = [
  call(modernVersion, 'twin_echo_text', { text: 'a' }),
  modern('tools/list'),
  modern('server/discover'),
  call('2025-11-25', 'twin_echo_text', { text: 'a' }),
  call('2025-03-26', 'twin_echo_text', { text: 'a' }),
  call(undefined, 'twin_echo_text', { text: 'a' }),
  legacy('2025-11-25', 'tools/list'),
  legacy('2025-06-18', 'tools/list', {}),
  legacy('2024-11-05', 'ping'),
  legacy(undefined, 'ping', {}),
  initialize('2025-11-25'),
  initialize('2024-11-05', '2024-11-05'),
];

/** One of each method, and calls of both eras. Most that is odd is made of these. */
export const fewBases: readonly Draft[] = [0, 1, 2, 3, 9, 10].flatMap((i) => bases[i] ?? []);
