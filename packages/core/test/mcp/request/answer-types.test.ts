import { expect, test } from 'vitest';
import { answerTypes } from '../../../src/mcp/request/answer-types.ts';
import { callOf, messageOf, post } from '../raw.ts';
import { serve } from '../serve.ts';

test.each([
  [undefined, 'both'],
  ['application/json, text/event-stream', 'both'],
  ['text/event-stream,application/json', 'both'],
  ['*/*', 'both'],
  ['text/html, */*;q=0.1', 'both'],
  ['application/*, text/*', 'both'],
  ['APPLICATION/JSON, Text/Event-Stream', 'both'],
  ['application/json; charset=utf-8, text/event-stream;q=0.5', 'both'],
  ['application/json;q=0.001, text/event-stream; q=1.000', 'both'],
  ['application/json;v="a, b;q=0", text/event-stream', 'both'],
  ['application/json;v="\\", ";q=1, text/event-stream', 'both'],
  ['application/json;v=1;q=0, application/json, text/*', 'both'],
  ['application/json, , text/event-stream,', 'both'],
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['application/json, text/event-stream;q=0', 'json'],
  ['*/*, text/*;q=0', 'json'],
  ['*/*, TEXT/EVENT-STREAM; Q=0.000', 'json'],
  ['application/json, text/event-streams', 'json'],
  ['text/event-stream', 'stream'],
  ['text/*', 'stream'],
  ['application/json ; q = 0, */*', 'stream'],
  ['application/vnd.api+json, text/event-stream', 'stream'],
  ['', 'neither'],
  ['text/html', 'neither'],
  ['*', 'neither'],
  ['*/*;q=0', 'neither'],
  ['application/json;q=0, text/event-stream;q=0.0', 'neither'],
  ['application/jsonp', 'neither'],
  ['application/json/*', 'neither'],
  [`${'text/html, '.repeat(99)}*/*`, 'both'],
  [`${'text/html, '.repeat(100)}*/*`, 'neither'],
])('of the answers’ types, %j takes %s', (accept, types) => {
  expect(answerTypes(accept)).toBe(types);
});

test.each(['"', '"\\', '\\"', 'a,', ';', ' ', '*/*;q=0,', 'q=0;'])('a header of 16,000 characters of %j takes nothing', (part) => {
  expect(answerTypes(part.repeat(16_000 / part.length))).toBe('neither');
});

const initialize = (protocolVersion: string) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 7,
    method: 'initialize',
    params: { protocolVersion, capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
  });
const oldCall = (params: object) =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'probe_echo_text', arguments: { text: 'a' }, ...params } });

/** Sends a message with a header, and reads its answer in either type. */
async function ask(url: URL, message: Parameters<typeof post>[1], accept: string) {
  const { status, headers, text } = await post(url, message, { headers: { accept } });
  const stream = /^event: message\ndata: (.*)\n\n$/.exec(text)?.[1];
  return {
    status,
    type: headers.get('content-type'),
    isStream: stream !== undefined,
    message: JSON.parse(stream ?? text) as { id: unknown },
  };
}

test.each(['2025-11-25', '2025-06-18', '2024-11-05'])(
  'an older client of %s may use any header that covers both types',
  async (version) => {
    const { url } = await serve();
    for (const accept of ['*/*', 'application/*, text/*', 'APPLICATION/JSON, TEXT/EVENT-STREAM'])
      expect(await ask(url, initialize(version), accept)).toMatchObject({ status: 200, isStream: true, message: { id: 7 } });
  },
);

test.each([
  ['a plain call', {}],
  ['a call with progress', { _meta: { progressToken: 1 } }],
  ['a call of no tool', { name: 'probe_no_such' }],
])('an older client that takes only one type gets the answer to %s in it', async (_what, params) => {
  const { url } = await serve();
  const [stream, json] = [await ask(url, oldCall(params), 'text/event-stream'), await ask(url, oldCall(params), 'application/json')];
  expect(stream).toMatchObject({ status: 200, type: 'text/event-stream', isStream: true });
  expect(json).toMatchObject({ status: 200, type: 'application/json', isStream: false });
  const withoutCallId = (message: object) => JSON.stringify(message).replace(/[\da-f-]{36}/g, '');
  expect(withoutCallId(json.message)).toBe(withoutCallId(stream.message));
});

test('a client that takes only JSON gets the answer to a call that reports progress', async () => {
  const { url, events } = await serve();
  const call = callOf('probe_report_progress', {}, { _meta: { progressToken: 'mine' } });
  const older = { ...call, headers: {}, body: { ...call.body, params: { ...call.body.params, _meta: { progressToken: 'mine' } } } };
  for (const message of [call, older]) {
    const answered = ask(url, message, 'application/json');
    while (events.listenerCount('finish') === 0) await new Promise((resolve) => setImmediate(resolve));
    events.emit('finish');
    expect(await answered).toMatchObject({ type: 'application/json', message: { id: 7, result: { structuredContent: { text: 'done' } } } });
    events.removeAllListeners('finish');
  }
});

test('a 2026-07-28 client that takes only streams gets one', async () => {
  const { url } = await serve();
  for (const message of [callOf('probe_echo_text', { text: 'a' }), messageOf('tools/list'), messageOf('server/discover')])
    expect(await ask(url, message, 'text/event-stream')).toMatchObject({ status: 200, type: 'text/event-stream', isStream: true });
});

test('a client that takes neither type reads what to send', async () => {
  const { url } = await serve();
  for (const message of [callOf('probe_echo_text', { text: 'a' }), initialize('2025-06-18')]) {
    const answer = await post(url, message, { headers: { accept: 'text/html' } });
    expect([answer.status, answer.json().error]).toEqual([
      406,
      { code: 406, message: 'Send Accept: application/json, text/event-stream.', data: { code: 'INVALID_INPUT' } },
    ]);
  }
});

test('a subscription needs a client that takes streams', async () => {
  const { url } = await serve();
  const listen = messageOf('subscriptions/listen', { notifications: {} });
  expect((await post(url, listen, { headers: { accept: 'application/json' } })).status).toBe(406);
});
