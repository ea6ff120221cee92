// The requests to every server, and the text of the answers. Clients and the bare server share this file, so it imports nothing.

/** The tool that calls use. All other tools are only listed. */
export const echoTool = 'bench_echo_text';

/** The size of the text that is sent and echoed. */
export type Size = '1k' | '64k';

const textOf = (bytes: number) => 'The quick brown fox jumps over the lazy dog. '.repeat(Math.ceil(bytes / 45)).slice(0, bytes);

/** Plain ASCII texts of 1,024 and 65,536 bytes. */
export const texts: Readonly<Record<Size, string>> = { '1k': textOf(1_024), '64k': textOf(65_536) };

/** Returns valid arguments of the tool: all eight fields. */
export const argumentsOf = (size: Size) => ({
  text: texts[size],
  channel: 'email',
  priority: 3,
  limit: 25,
  draft: false,
  labels: ['billing', 'urgent'],
  locale: 'en-GB',
  reference: 'ORD-2026-004711',
});

/** The two measured revisions. */
export type Era = '2026-07-28' | '2025-11-25';

/** A request before it is encoded. */
export type McpRequest = { readonly method: 'tools/list' } | { readonly method: 'tools/call'; readonly arguments: object };

/** Returns a call with a text of this size, or a list if there is no size. */
export const mcpRequest = (size: Size | undefined): McpRequest =>
  size === undefined ? { method: 'tools/list' } : { method: 'tools/call', arguments: argumentsOf(size) };

const clientInfo = { name: 'bench', version: '1.0.0' };

/** Returns the headers and body of a request, as a conforming client of the revision sends them. */
export function encodeRequest(era: Era, wanted: McpRequest, id = 1): { readonly headers: Record<string, string>; readonly body: string } {
  const { method } = wanted;
  const call = method === 'tools/call' ? { name: echoTool, arguments: wanted.arguments } : {};
  if (era === '2025-11-25')
    return { headers: { 'mcp-protocol-version': era }, body: JSON.stringify({ jsonrpc: '2.0', id, method, params: call }) };
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': era,
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return {
    headers: { 'mcp-protocol-version': era, 'mcp-method': method, ...(method === 'tools/call' && { 'mcp-name': echoTool }) },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...call, _meta } }),
  };
}

/** The messages that open a session of revision 2025-11-25, in order. */
export const opening: readonly string[] = [
  JSON.stringify({
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
  }),
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
];
