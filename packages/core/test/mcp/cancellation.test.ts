import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { localPrincipal, memoryConnections, type Authenticate } from '../../src/index.ts';
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

test.each([
  ['without progress', undefined],
  ['with progress', () => {}],
])('an older client that cancels a call %s by a notification aborts its tool', async (_how, onprogress) => {
  const { url, events } = await serve({}, { clock: manualClock() });
  const client = await oldClient(url);
  const cancel = new AbortController();
  const started = once(events, 'started');
  const call = client.callTool(waiting, undefined, { signal: cancel.signal, ...(onprogress && { onprogress }) });
  await started;
  const aborted = once(events, 'aborted');
  cancel.abort();
  await expect(call).rejects.toThrow(/abort/i);
  await aborted;
  expect((await client.callTool({ name: 'probe_echo_text', arguments: { text: 'a' } })).structuredContent).toEqual({ text: 'a' });
});

const byToken: Authenticate = async ({ token = '' }) => ({ ...localPrincipal, tenant: token.slice(0, 1), id: token });
const connections = memoryConnections(['a', 'b'].map((tenant) => ({ connector: 'probe', tenant, config: {} })));
const twoTenants = { authenticate: byToken, connections };
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const cancelOf = (requestId: unknown) => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });

test('a cancellation ends only a call of the same tenant and key', async () => {
  const { url, events, lines } = await serve({}, twoTenants);
  const calls = ['a1', 'a2', 'b1'].map((token) => post(url, callOf('probe_wait_long'), as(token)));
  while (events.listenerCount('finish') < calls.length) await once(events, 'started');
  // Each call has the id 7.
  for (const id of [7, '7', 8]) expect((await post(url, cancelOf(id), as('a3'))).status).toBe(202);
  for (const id of ['7', 8]) await post(url, cancelOf(id), as('a1'));
  expect(events.listenerCount('finish')).toBe(calls.length);
  expect((await post(url, cancelOf(7), as('a1'))).status).toBe(202);
  expect((await calls[0])?.text).toContain('CANCELLED');
  events.emit('finish');
  for (const call of calls.slice(1)) expect((await call).text).toContain('finished');
  const reason = 'no running call of this key in this process has the id';
  expect(lines).toContainEqual({
    level: 'info',
    message: 'a cancellation ended no call',
    fields: { tenant: 'a', principal: 'a1', reason },
  });
});

test('a cancellation ends no call if two running calls of a key have its id', async () => {
  const { url, events, lines } = await serve({}, twoTenants);
  const calls = [post(url, callOf('probe_wait_long'), as('a1')), post(url, callOf('probe_wait_long'), as('a1'))];
  while (events.listenerCount('finish') < calls.length) await once(events, 'started');
  expect((await post(url, cancelOf(7), as('a1'))).status).toBe(202);
  events.emit('finish');
  for (const call of calls) expect((await call).text).toContain('finished');
  const reason = 'several running calls of this key have the id';
  expect(lines.map(({ fields }) => fields)).toContainEqual({ tenant: 'a', principal: 'a1', reason });
});

test('a cancellation that is no valid notification ends no call', async () => {
  const { url, events } = await serve();
  const call = post(url, callOf('probe_wait_long'));
  while (events.listenerCount('finish') < 1) await once(events, 'started');
  for (const body of [cancelOf(undefined), cancelOf(null), cancelOf({}), cancelOf(7).replace('"2.0"', '"1.0"')]) await post(url, body);
  expect(events.listenerCount('finish')).toBe(1);
  events.emit('finish');
  expect((await call).text).toContain('finished');
});

test.each([
  ['without progress', undefined],
  ['with progress', () => {}],
])('an older client that disconnects during a call %s aborts its tool', async (_how, onprogress) => {
  const { url, events } = await serve();
  const client = await oldClient(url);
  const started = once(events, 'started');
  const call = client.callTool(waiting, undefined, onprogress && { onprogress });
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
