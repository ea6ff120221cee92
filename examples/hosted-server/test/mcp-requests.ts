/** The address and key of a server to call. */
export interface Called {
  readonly url: string;
  readonly key: string;
}

/** A tool's answer, as a client receives it. */
export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  readonly structuredContent: unknown;
}

/** An HTTP response. */
export interface Answered {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly body: string;
}

/** Sends a JSON-RPC message without a client. Default: `tools/list`. */
export async function post(url: string, headers: Record<string, string>, message: object = { method: 'tools/list' }): Promise<Answered> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** Calls a tool without a client. Throws if the answer is not a tool result. */
export async function callTool({ url, key }: Called, name: string, args: object): Promise<ToolAnswer> {
  const { status, body } = await post(url, { authorization: `Bearer ${key}` }, { method: 'tools/call', params: { name, arguments: args } });
  const { result } = (parseMessage(body) ?? {}) as {
    result?: { isError?: boolean; content: { text?: string }[]; structuredContent?: unknown };
  };
  if (!result) throw new Error(`HTTP ${status}: ${body}`);
  const text = result.content.map((part) => part.text ?? '').join('\n');
  return { isError: result.isError ?? false, text, structuredContent: result.structuredContent };
}

/** The JSON-RPC message in a response, which is JSON or an event stream. */
export function parseMessage(body: string): unknown {
  return JSON.parse(/^(?:data: )?(\{.*\})$/m.exec(body)?.[1] ?? 'null');
}
