import { expect, test } from 'vitest';
import type { RefusalEvent } from '../../src/index.ts';
import { servePipes } from './pipes.ts';
import { callOf, messageOf, post } from './raw.ts';
import { serve } from './serve.ts';

const alive = JSON.stringify({ ...callOf('probe_echo_text', { text: 'alive' }).body, id: 99 });
const request = (parts: object) => JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list', ...parts });
const call = (params: unknown) => request({ method: 'tools/call', params });
const named = (parts: object) => call({ name: 'probe_echo_text', arguments: { text: 'a' }, ...parts });

/** Sends a text to a server over HTTP and to a server over stdio, and returns both answers. */
async function answersTo(text: string, headers: Record<string, string> = {}, maxBodyBytes?: number) {
  const http = await post((await serve({ maxBodyBytes })).url, text, { headers });
  const { input, received, until } = await servePipes({ maxBodyBytes });
  input.write(`${text}\n${alive}\n`);
  // A refusal is written at once, and the request after it shows that the pipe still serves.
  await until(({ id }) => id === 99);
  return { status: http.status, http: http.json(), stdio: received.find(({ id }) => id !== 99) };
}

test.each<[what: string, text: string, id: unknown, code: number, words: string]>([
  ['broken JSON', '{"jsonrpc":', null, -32700, 'Parse error: the message is not JSON.'],
  ['a batch', `[${request({})}]`, null, -32600, 'does not accept batches. Send each message by itself.'],
  ['an empty batch', '[]', null, -32600, 'does not accept batches'],
  ['a number', '7', null, -32600, 'a message is a JSON object.'],
  ['a string', '"a"', null, -32600, 'a message is a JSON object.'],
  ['null', 'null', null, -32600, 'a message is a JSON object.'],
  ['an object without jsonrpc', '{"hello":"world"}', null, -32600, 'needs "jsonrpc": "2.0"'],
  ['another version of JSON-RPC', request({ jsonrpc: '1.0' }), 7, -32600, 'needs "jsonrpc": "2.0"'],
  ['the id null', request({ id: null }), null, -32600, 'the id must be a string or an integer.'],
  ['an id that is a fraction', request({ id: 1.5 }), 1.5, -32600, 'the id must be a string or an integer.'],
  ['an id with too many digits', request({}).replace('7', '12345678901234567890'), null, -32600, 'Send it as a string.'],
  ['no method', request({ method: undefined }), null, -32600, 'needs a method, a result or an error.'],
  ['an unknown member of a response', request({ method: undefined, result: {}, extra: 1 }), null, -32600, 'needs a method'],
  ['a response with result and error', request({ method: undefined, result: {}, error: { code: 1, message: 'a' } }), null, -32600, 'needs'],
  ['a method that is no string', request({ method: 7 }), null, -32600, 'the method must be a string.'],
  ['an unknown member', request({ extra: 1 }), 7, -32600, 'only jsonrpc, id, method and params may be in it.'],
  ['params null', request({ params: null }), 7, -32600, 'params must be an object.'],
  ['a list of params', request({ params: [1] }), 7, -32600, 'params must be an object.'],
  ['_meta that is no object', request({ params: { _meta: 7 } }), 7, -32600, '_meta must be an object.'],
  [
    'a progress token that is an object',
    named({ _meta: { progressToken: {} } }),
    7,
    -32600,
    'progressToken must be a string or an integer.',
  ],
  [
    'a related task without id',
    named({ _meta: { 'io.modelcontextprotocol/related-task': {} } }),
    7,
    -32600,
    'must be an object with a taskId',
  ],
  ['a call without params', call(undefined), 7, -32602, 'tools/call needs params with the name of a tool.'],
  ['a call without a name', call({}), 7, -32602, 'name is missing. Name the tool to call.'],
  ['a call with the name null', call({ name: null }), 7, -32602, 'name must be a string, the name of a tool.'],
  ['a list of arguments', named({ arguments: [] }), 7, -32602, 'arguments must be a JSON object.'],
  ['arguments that are text', named({ arguments: 'x' }), 7, -32602, 'arguments must be a JSON object.'],
  ['a task that is no object', named({ task: 7 }), 7, -32602, 'task must be an object, in which ttl is a number.'],
  ['initialize without params', request({ method: 'initialize' }), 7, -32602, 'initialize needs params with protocolVersion'],
  [
    'initialize without a version of the client',
    request({ method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a' } } }),
    7,
    -32602,
    'initialize needs params with protocolVersion',
  ],
  ['much text besides the arguments', request({ method: 'x'.repeat(100_000) }), 7, 413, 'too much text, besides its arguments.'],
  ['more values than a message may have', named({ arguments: { a: Array(20_001).fill(1) } }), null, 413, 'Send less at a time.'],
])('refuses %s with one sentence, the same over HTTP and stdio', async (_what, text, id, code, words) => {
  const { http, stdio } = await answersTo(text);
  expect(http).toEqual({ jsonrpc: '2.0', id, error: { code, message: expect.stringContaining(words), data: { code: 'INVALID_INPUT' } } });
  expect(stdio).toEqual(http);
});

test('answers a malformed call with the status of an answer, because clients show a model no other', async () => {
  const message = callOf('probe_echo_text', {}, { arguments: [] });
  const { status, http, stdio } = await answersTo(JSON.stringify(message.body), { ...message.headers });
  expect([status, http.error.message]).toEqual([200, 'Invalid params: arguments must be a JSON object.']);
  expect(stdio).toEqual(http);
});

test('refuses a message that is too large once, over HTTP and stdio, and reads no part of it as another message', async () => {
  const text = `${' '.repeat(2_000)}${alive}`;
  const { status, http, stdio } = await answersTo(text, {}, 2_000);
  expect([status, http.error.message]).toEqual([413, 'The request is larger than 2000 bytes. Send less at a time.']);
  expect(stdio).toEqual(http);
});

test('a line that arrives in pieces is one message, and empty lines are none', async () => {
  const { input, until, received } = await servePipes();
  for (const byte of `\n\r\n  \n${alive}\r\n`) input.write(byte);
  expect(await until(({ id }) => id === 99)).toMatchObject({ result: { structuredContent: { text: 'alive' } } });
  expect(received).toHaveLength(1);
});

test('an input that breaks ends the pipe', async () => {
  const closed = new Promise<void>(
    (resolve) => void servePipes({ onClose: resolve }).then(({ input }) => input.destroy(new Error('broken'))),
  );
  await expect(closed).resolves.toBeUndefined();
});

test('a server that closes reads nothing more, so that its process can end', async () => {
  const { input, listener } = await servePipes();
  await listener.close();
  expect([input.isPaused(), input.listenerCount('data')]).toEqual([true, 0]);
});

test('reports to the observer that a line is too large', async () => {
  const refused: RefusalEvent['reason'][] = [];
  const observer = { refused: ({ reason }: RefusalEvent) => void refused.push(reason) };
  const { input, until } = await servePipes({ maxBodyBytes: 1_000 }, { observer });
  input.write(`${' '.repeat(2_000)}\n`);
  await until(({ error }) => error?.code === 413);
  expect(refused).toEqual(['body']);
});

test('a progress token that is null counts as not given', async () => {
  const message = callOf('probe_echo_text', { text: 'a' }, { _meta: { progressToken: null } });
  const { http, stdio } = await answersTo(JSON.stringify(message.body), { ...message.headers });
  expect(http.result).toMatchObject({ structuredContent: { text: 'a' } });
  expect(stdio).toEqual(http);
});

test('a tools/call without an id is a notification, which nothing answers', async () => {
  const { url } = await serve();
  expect((await post(url, JSON.stringify({ jsonrpc: '2.0', method: 'tools/call' }))).status).toBe(202);
  expect((await post(url, messageOf('tools/list'))).status).toBe(200);
});
