import { expect, onTestFinished, test } from 'vitest';
import { createHost, type CallRequest } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { probe } from './probe.ts';
import { callOf, post, type Message } from './raw.ts';

/** Posts a message and returns the call that the host receives. */
async function receivedCall(message: Message | string, headers: Record<string, string> = {}): Promise<CallRequest | undefined> {
  const host = createHost({ connectors: [probe().connector] });
  let received: CallRequest | undefined;
  const call = (request: CallRequest) => host.call((received = request));
  const listener = await httpTransport({ port: 0 }).listen({ ...host, call });
  onTestFinished(() => listener.close());
  await post(new URL(listener.url), message, { headers });
  return received;
}

const trace = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;

test('the host receives the trace context of the message, or else of the HTTP request', async () => {
  const traced = callOf('probe_echo_text', {}, { _meta: { traceparent: trace('a') } });
  expect((await receivedCall(traced, { traceparent: trace('b') }))?.traceparent).toBe(trace('a'));
  expect((await receivedCall(callOf('probe_echo_text'), { traceparent: trace('b') }))?.traceparent).toBe(trace('b'));
  expect((await receivedCall(callOf('probe_echo_text', {}, { _meta: { traceparent: 7 } })))?.traceparent).toBeUndefined();
  expect((await receivedCall(callOf('probe_echo_text')))?.traceparent).toBeUndefined();
});

test('the host receives the caller and its input', async () => {
  const message = callOf('probe_echo_text', { text: 'a' }, { _meta: { 'busbar/idempotencyKey': 'k' } });
  expect(await receivedCall(message)).toEqual({
    principal: { tenant: 'local', id: 'local', roles: ['owner'] },
    address: '127.0.0.1',
    requestId: 7,
    tool: 'probe_echo_text',
    arguments: { text: 'a' },
    idempotencyKey: 'k',
    answers: {},
    signal: expect.objectContaining({ aborted: false }),
  });
});

test('the host receives an empty object if the message has no arguments', async () => {
  const bare = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'probe_echo_text' } };
  expect((await receivedCall(JSON.stringify(bare)))?.arguments).toEqual({});
});

test('the host receives an empty object if the arguments are null, in every revision and lane', async () => {
  const nothing = { arguments: null } as const;
  const older = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'probe_echo_text', ...nothing } };
  expect((await receivedCall(JSON.stringify(older)))?.arguments).toEqual({});
  expect((await receivedCall(callOf('probe_echo_text', {}, nothing)))?.arguments).toEqual({});
  // Calls with a progress token go to the SDK.
  expect((await receivedCall(callOf('probe_echo_text', {}, { ...nothing, _meta: { progressToken: 0 } })))?.arguments).toEqual({});
});

test('the host receives the object whose JSON text a client sends as the arguments, in every revision and lane', async () => {
  const asText = { arguments: '{"text":"a"}' } as const;
  const older = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'probe_echo_text', ...asText } };
  expect((await receivedCall(JSON.stringify(older)))?.arguments).toEqual({ text: 'a' });
  expect((await receivedCall(callOf('probe_echo_text', {}, asText)))?.arguments).toEqual({ text: 'a' });
  expect((await receivedCall(callOf('probe_echo_text', {}, { ...asText, _meta: { progressToken: 0 } })))?.arguments).toEqual({ text: 'a' });
  expect((await receivedCall(callOf('probe_echo_text', {}, { arguments: '' })))?.arguments).toEqual({});
});

test.each([
  ['a text that is no JSON', 'hello'],
  ['the JSON text of an array', '[1]'],
  ['the JSON text of a text', '"{}"'],
  ['a broken JSON text', '{"text":'],
  ['a JSON text of more values than a message may have', `{"text":[${'0,'.repeat(20_000)}0]}`],
  ['an array', [1]],
])('no call begins with arguments that are %s', async (_what, args) => {
  expect(await receivedCall(callOf('probe_echo_text', {}, { arguments: args }))).toBeUndefined();
});

test('a message may begin with a byte order mark', async () => {
  expect(
    (await receivedCall(`\uFEFF${JSON.stringify(callOf('probe_echo_text', { text: 'a' }).body)}`, callOf('probe_echo_text').headers))
      ?.arguments,
  ).toEqual({
    text: 'a',
  });
});

test('the host receives a progress function only if the client asked for progress', async () => {
  expect(await receivedCall(callOf('probe_echo_text'))).not.toHaveProperty('progress');
  expect((await receivedCall(callOf('probe_echo_text', {}, { _meta: { progressToken: 0 } })))?.progress).toBeTypeOf('function');
});

test('the host may ask any client of 2026-07-28, because the SDK refuses clients that cannot be asked', async () => {
  for (const capabilities of [{}, { elicitation: {} }, { elicitation: { form: {}, url: {} } }])
    expect((await receivedCall(callOf('probe_echo_text', {}, {}, capabilities)))?.answers).toEqual({});
});
