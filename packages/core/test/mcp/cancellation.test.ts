import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { manualClock } from '../../src/testing/index.ts';
import { modernClient, oldClient } from './clients.ts';
import { callOf, post } from './raw.ts';
import { serve } from './serve.ts';

const waiting = { name: 'probe_wait_long', arguments: {} };
const event = (text: string) => ({ name: 'probe_await_event', arguments: { text } });

test.each([
  ['answers with JSON', undefined],
  ['answers with a stream', () => {}],
])('a 2026-07-28 client that cancels aborts the tool at once if the server %s', async (_how, onprogress) => {
  // This clock does not advance, so only the cancellation can end the call.
  const { url, events } = await serve({}, { clock: manualClock() });
  const client = await modernClient(url);
  const cancel = new AbortController();
  const started = once(events, 'started');
  const call = client.callTool(waiting, { signal: cancel.signal, ...(onprogress && { onprogress }) });
  await started;
  const aborted = once(events, 'aborted');
  cancel.abort();
  await expect(call).rejects.toThrow(/abort/i);
  await aborted;
});

test('an older client that disconnects aborts its tool', async () => {
  const { url, events } = await serve();
  const client = await oldClient(url);
  const started = once(events, 'started');
  const call = client.callTool(waiting);
  await started;
  const aborted = once(events, 'aborted');
  await client.close();
  await expect(call).rejects.toThrow('Connection closed');
  await aborted;
});

test('a client whose connection breaks aborts its tool', async () => {
  const { url, events } = await serve();
  const connection = new AbortController();
  const started = once(events, 'started');
  const call = post(url, callOf('probe_wait_long'), { signal: connection.signal });
  await started;
  const aborted = once(events, 'aborted');
  connection.abort();
  await expect(call).rejects.toThrow('aborted');
  await aborted;
});

test('a 2026-07-28 client over stdio that cancels aborts its tool', async () => {
  const client = await modernClient('stdio');
  const cancel = new AbortController();
  const call = client.callTool(waiting, { signal: cancel.signal });
  await client.callTool(event('started'));
  cancel.abort();
  await expect(call).rejects.toThrow(/abort/i);
  expect((await client.callTool(event('aborted'))).structuredContent).toEqual({ text: 'aborted' });
});

test('an older client over stdio that cancels aborts its tool', async () => {
  const client = await oldClient('stdio');
  const cancel = new AbortController();
  const call = client.callTool(waiting, undefined, { signal: cancel.signal });
  await client.callTool(event('started'));
  cancel.abort();
  await expect(call).rejects.toThrow(/abort/i);
  expect((await client.callTool(event('aborted'))).structuredContent).toEqual({ text: 'aborted' });
});

test('a client that disconnects in the middle of its request is not an error of the server', async () => {
  const { url, listener, lines } = await serve();
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, 'connect');
  socket.write('POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"jsonrpc"');
  // By the time that the server has answered another request, it is reading this one.
  await post(url, callOf('probe_echo_text', { text: 'a' }));
  socket.destroy();
  // Closing waits for the running requests.
  await listener.close();
  expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});
