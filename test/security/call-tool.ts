import { post } from '../../examples/hosted-server/test/mcp-requests.ts';

/** The two ways through the server. A progress token makes a request one for the SDK. */
export const lanes = { fast: {}, sdk: { progressToken: 'any' } } as const;
export type Lane = keyof typeof lanes;

/** The parts of a response to `tools/call` that tests read. */
export interface CallAnswer {
  readonly status: number;
  /** The code of a failed call, of a JSON-RPC error, or `fine`. */
  readonly code: string;
  /** The whole body. */
  readonly body: string;
  readonly structuredContent: Readonly<Record<string, unknown>>;
}

/** Calls a tool. `args` is any JSON value, or text that is sent as it is. */
export async function call(
  { url, key }: { readonly url: string; readonly key: string },
  name: unknown,
  args: unknown,
  { lane = 'fast', meta = {} }: { readonly lane?: Lane; readonly meta?: object } = {},
): Promise<CallAnswer> {
  const _meta = { ...meta, ...lanes[lane] };
  const params = { name, arguments: args, ...(Object.keys(_meta).length > 0 && { _meta }) };
  const { status, body } = await post(url, { authorization: `Bearer ${key}` }, { method: 'tools/call', params });
  const message = readMessage(body) as {
    error?: { code: number };
    result?: { isError?: boolean; structuredContent?: Record<string, unknown>; _meta?: { 'busbar/error'?: { code: string } } };
  };
  const { error, result } = message;
  const failed = result?.isError ? (result._meta?.['busbar/error']?.code ?? 'isError') : 'fine';
  return { status, body, code: error ? String(error.code) : failed, structuredContent: result?.structuredContent ?? {} };
}

/** The JSON-RPC message of a response, which is JSON or an event stream of one event. Empty if there is none. */
function readMessage(body: string): unknown {
  const data = body.startsWith('{')
    ? body
    : body
        .split('\n')
        .find((line) => line.startsWith('data: '))
        ?.slice(6);
  return data === undefined ? {} : (JSON.parse(data) as unknown);
}
