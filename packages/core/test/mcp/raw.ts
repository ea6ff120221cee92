/** A message of revision 2026-07-28, with the headers that it requires. */
export interface Message {
  readonly body: { readonly jsonrpc: '2.0'; readonly id: number; readonly method: string; readonly params: object };
  readonly headers: Readonly<Record<string, string>>;
}

/** Writes a request of revision 2026-07-28. */
export function messageOf(method: string, params: object = {}, capabilities: object = {}): Message {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    ...(params as { _meta?: object })._meta,
  };
  const { name } = params as { name?: string };
  return {
    body: { jsonrpc: '2.0', id: 7, method, params: { ...params, _meta } },
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(name && { 'mcp-name': name }) },
  };
}

/** Writes a `tools/call` of revision 2026-07-28. */
export const callOf = (name: string, args: object = {}, more: object = {}, capabilities: object = {}): Message =>
  messageOf('tools/call', { name, arguments: args, ...more }, capabilities);

/** Sends a message, or any text instead of a message, and reads the answer. */
export async function post(
  url: URL,
  message: Message | string,
  init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
): Promise<Posted> {
  const [body, headers] = typeof message === 'string' ? [message, {}] : [JSON.stringify(message.body), message.headers];
  const response = await fetch(url, {
    method: 'POST',
    ...init,
    body,
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers, ...init.headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as Answer };
}

interface Posted {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly text: string;
  json(): Answer;
}

/** The parts of an answer that the tests read. */
interface Answer {
  readonly id: unknown;
  readonly error: { readonly code: number; readonly message: string; readonly data?: { readonly code?: string } };
  readonly result: Readonly<Record<string, unknown>> & { readonly requestState: string };
}
