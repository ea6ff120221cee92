import { onTestFinished, expect, test } from 'vitest';
import { createHost, type CallRequest } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { probe } from './probe.ts';
import { callOf, post, type Message } from './raw.ts';

/** What the host is handed for a message. */
async function handedOver(message: Message | string, headers: Record<string, string> = {}): Promise<CallRequest | undefined> {
  const host = createHost({ connectors: [probe().connector] });
  let seen: CallRequest | undefined;
  const call = (request: CallRequest) => host.call((seen = request));
  const listener = await httpTransport({ port: 0 }).listen({ ...host, call });
  onTestFinished(() => listener.close());
  await post(new URL(listener.url), message, { headers });
  return seen;
}

const trace = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;

test('hands over the trace context of the message, or else that of the HTTP request', async () => {
  const traced = callOf('probe_echo_text', {}, { _meta: { traceparent: trace('a') } });
  expect((await handedOver(traced, { traceparent: trace('b') }))?.traceparent).toBe(trace('a'));
  expect((await handedOver(callOf('probe_echo_text'), { traceparent: trace('b') }))?.traceparent).toBe(trace('b'));
  expect((await handedOver(callOf('probe_echo_text', {}, { _meta: { traceparent: 7 } })))?.traceparent).toBeUndefined();
  expect((await handedOver(callOf('probe_echo_text')))?.traceparent).toBeUndefined();
});

test('hands over what the caller sent, and who it is', async () => {
  const message = callOf('probe_echo_text', { text: 'a' }, { _meta: { 'busbar/idempotencyKey': 'k' } });
  expect(await handedOver(message)).toEqual({
    principal: { tenant: 'local', id: 'local', roles: ['owner'] },
    address: '127.0.0.1',
    tool: 'probe_echo_text',
    arguments: { text: 'a' },
    idempotencyKey: 'k',
    answers: {},
    signal: expect.objectContaining({ aborted: false }),
  });
});

test('hands over no arguments as an empty object', async () => {
  const bare = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'probe_echo_text' } };
  expect((await handedOver(JSON.stringify(bare)))?.arguments).toEqual({});
});

test('offers to report progress only where the client asked for it', async () => {
  expect(await handedOver(callOf('probe_echo_text'))).not.toHaveProperty('progress');
  expect((await handedOver(callOf('probe_echo_text', {}, { _meta: { progressToken: 0 } })))?.progress).toBeTypeOf('function');
});

test('offers to ask any client of 2026-07-28, since it is the protocol that refuses one that cannot be asked', async () => {
  for (const capabilities of [{}, { elicitation: {} }, { elicitation: { form: {}, url: {} } }])
    expect((await handedOver(callOf('probe_echo_text', {}, {}, capabilities)))?.answers).toEqual({});
});
