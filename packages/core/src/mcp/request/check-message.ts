import { isObject } from '../../lib/json-object.ts';
import { HttpError } from './http-error.ts';

// More than any client sends. The SDK describes each value that is wrong, which takes time, and repeats some in its answer.
const maxEnvelopeValues = 300;
const maxEnvelopeText = 64 * 1024;

const requestKeys: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);
const relatedTask = 'io.modelcontextprotocol/related-task';

/**
 * Checks what the SDK would refuse without a word that helps, or with all details of its schemas: the form of a JSON-RPC message, and the
 * params of a `tools/call`.
 *
 * @throws {HttpError} with one sentence about the first fault.
 */
export function checkMessage(message: unknown): void {
  const fault = messageFault(message);
  if (fault) throw new HttpError(400, 'INVALID_INPUT', `Invalid request: ${fault}`, { rpcCode: -32600 });
  if (!isModest(message))
    throw new HttpError(413, 'INVALID_INPUT', 'The message has too many values, or too much text, besides its arguments.', {
      reason: 'body',
    });
  const { id, method, params } = message as { id?: unknown; method?: unknown; params?: Readonly<Record<string, unknown>> };
  const callFault = method === 'tools/call' && id !== undefined ? paramsFault(params) : undefined;
  // The status of an answer to a call, as the SDK has it. A model may have written the arguments, and clients show it no other answer.
  if (callFault) throw new HttpError(200, 'INVALID_INPUT', `Invalid params: ${callFault}`, { rpcCode: -32602 });
}

function messageFault(message: unknown): string | undefined {
  // Only revision 2025-03-26 had batches, and a batch of a hundred calls would pass the rate limit as one request.
  if (Array.isArray(message)) return 'this server does not accept batches. Send each message by itself.';
  if (!isObject(message)) return 'a message is a JSON object.';
  if (message['jsonrpc'] !== '2.0') return 'a message needs "jsonrpc": "2.0".';
  const { id, method, params } = message;
  if (id !== undefined && typeof id !== 'string' && !Number.isSafeInteger(id))
    return typeof id === 'number' && Math.abs(id) > Number.MAX_SAFE_INTEGER
      ? 'the id has more digits than a JSON number keeps. Send it as a string.'
      : 'the id must be a string or an integer.';
  if (method === undefined) return isResponse(message) ? undefined : 'a message needs a method, a result or an error.';
  if (typeof method !== 'string') return 'the method must be a string.';
  if (!Object.keys(message).every((key) => requestKeys.has(key))) return 'only jsonrpc, id, method and params may be in it.';
  if (params === undefined) return undefined;
  if (!isObject(params)) return 'params must be an object.';
  return metaFault(params['_meta']);
}

function isResponse({ id, result, error, jsonrpc: _, ...rest }: Readonly<Record<string, unknown>>): boolean {
  if (Object.keys(rest).length > 0) return false;
  if (error === undefined) return id !== undefined && isObject(result) && metaFault(result['_meta']) === undefined;
  return result === undefined && isObject(error) && Number.isSafeInteger(error['code']) && typeof error['message'] === 'string';
}

function metaFault(meta: unknown): string | undefined {
  if (meta === undefined) return undefined;
  if (!isObject(meta)) return '_meta must be an object.';
  const { progressToken, [relatedTask]: task } = meta;
  if (progressToken !== undefined && typeof progressToken !== 'string' && !Number.isSafeInteger(progressToken))
    return '_meta.progressToken must be a string or an integer.';
  if (task !== undefined && !(isObject(task) && typeof task['taskId'] === 'string'))
    return `_meta["${relatedTask}"] must be an object with a taskId, a string.`;
  return undefined;
}

function paramsFault(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (!params) return 'tools/call needs params with the name of a tool.';
  const { name, arguments: args, task } = params;
  if (name === undefined) return 'name is missing. Name the tool to call.';
  if (typeof name !== 'string') return 'name must be a string, the name of a tool.';
  if (args !== undefined && !isObject(args)) return 'arguments must be a JSON object.';
  // Older revisions had it. This server runs no tasks, and the SDK checks its form only.
  if (task !== undefined && !(isObject(task) && (task['ttl'] === undefined || typeof task['ttl'] === 'number')))
    return 'task must be an object, in which ttl is a number.';
  return undefined;
}

/** Whether a message has few values, and little text, outside of a tool's arguments. */
function isModest(message: unknown): boolean {
  let left = maxEnvelopeValues;
  let room = maxEnvelopeText;
  const fits = (value: unknown, isParams: boolean): boolean => {
    left -= 1;
    if (typeof value === 'string') room -= value.length;
    if (left < 0 || room < 0) return false;
    if (typeof value !== 'object' || value === null) return true;
    return Object.entries(value).every(([key, part]) => {
      room -= key.length;
      return (isParams && key === 'arguments') || fits(part, key === 'params');
    });
  };
  return fits(message, false);
}
