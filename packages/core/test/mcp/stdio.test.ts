import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createHost } from '../../src/index.ts';
import { stdioTransport } from '../../src/mcp/stdio.ts';
import { servePipes } from './pipes.ts';
import { probe } from './probe.ts';
import { callOf, messageOf } from './raw.ts';

const wait = callOf('probe_wait_long');

test('a closing server answers the running requests, refuses new ones, and ends', async () => {
  let closes = 0;
  const { listener, events, send, answer, received } = await servePipes({ onClose: () => (closes += 1) });
  expect(listener.url).toBe('stdio:');
  const started = once(events, 'started');
  send(1, wait);
  await started;
  const closed = listener.close();
  expect(listener.close()).toBe(closed);
  send(2, wait);
  expect(await answer(2)).toMatchObject({ error: { code: 503, data: { code: 'UNAVAILABLE' } } });
  expect(closes).toBe(0);
  events.emit('finish');
  expect(await answer(1)).toMatchObject({ result: { structuredContent: { text: 'finished' } } });
  await closed;
  expect(closes).toBe(1);
  expect(received.map(({ id }) => id)).toEqual([2, 1]);
});

test('a closing server does not wait for a cancelled request', async () => {
  const { listener, events, input, send } = await servePipes();
  const started = once(events, 'started');
  send(1, wait);
  await started;
  const aborted = once(events, 'aborted');
  input.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })}\n`);
  await aborted;
  await expect(listener.close()).resolves.toBeUndefined();
});

test('a closing server aborts the requests that still run after drainMs', async () => {
  const { listener, events, send, clock, lines } = await servePipes({ drainMs: 5_000 });
  const started = once(events, 'started');
  send(1, wait);
  await started;
  const aborted = once(events, 'aborted');
  const closed = listener.close();
  await clock.advance(5_000);
  await aborted;
  await closed;
  expect(lines).toContainEqual({ level: 'warn', message: 'closed with requests unanswered', fields: { requests: 1 } });
});

test('a client that disconnects aborts its calls, and the transport reports it', async () => {
  let closes = 0;
  const { events, input, send } = await servePipes({ onClose: () => (closes += 1) });
  const started = once(events, 'started');
  send(1, wait);
  await started;
  const aborted = once(events, 'aborted');
  input.end();
  await aborted;
  expect(closes).toBe(1);
});

test('a program whose connector has jobs ends when its client has disconnected', async () => {
  const program = fileURLToPath(new URL('./stdio-server.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  child.stdin.write(`${JSON.stringify({ ...callOf('probe_echo_text', { text: 'last' }).body, id: 1 })}\n`);
  await once(child.stdout, 'data');
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
});

test('a program ends when its client reads no more, even if the client keeps the input open', async () => {
  const program = fileURLToPath(new URL('./stdio-server.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const echo = (id: number) => child.stdin.write(`${JSON.stringify({ ...callOf('probe_echo_text', { text: 'last' }).body, id })}\n`);
  echo(1);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  echo(2);
  expect(await ended).toEqual([0, null]);
});

test('the host goes on after a client that disconnects if the program says what happens at the end', async () => {
  const { connector } = probe();
  const host = createHost({ connectors: [connector] });
  onTestFinished(() => host.close());
  const [input, output] = [new PassThrough(), new PassThrough()];
  const { promise: ended, resolve: onClose } = Promise.withResolvers<void>();
  await stdioTransport({ input, output, onClose }).listen(host);
  input.end();
  await ended;
  const other = await servePipes({}, undefined, host);
  other.send(1, callOf('probe_echo_text', { text: 'alive' }));
  expect(await other.answer(1)).toMatchObject(echoOf('alive'));
});

test('the first message may begin with a byte order mark', async () => {
  const { input, answer } = await servePipes();
  input.write(`\uFEFF${JSON.stringify({ ...callOf('probe_echo_text', { text: 'marked' }).body, id: 1 })}\r\n`);
  expect(await answer(1)).toMatchObject({ result: { structuredContent: { text: 'marked' } } });
});

test('a byte order mark may arrive alone', async () => {
  const { input, send, answer } = await servePipes();
  input.write('\uFEFF');
  send(1, callOf('probe_echo_text', { text: 'marked' }));
  expect(await answer(1)).toMatchObject({ result: { structuredContent: { text: 'marked' } } });
});

test('reads arguments that arrive as their JSON text', async () => {
  const { send, answer } = await servePipes();
  send(1, callOf('probe_echo_text', {}, { arguments: '{"text":"as text"}' }));
  expect(await answer(1)).toMatchObject({ result: { structuredContent: { text: 'as text' } } });
});

test('refuses more than a thousand requests at once', async () => {
  const { send, answer, events } = await servePipes();
  for (let id = 1; id <= 1_001; id += 1) send(id, wait);
  expect(await answer(1_001)).toMatchObject({ error: { code: 503, data: { code: 'OVERLOADED' } } });
  if (events.listenerCount('finish') < 1_000)
    await new Promise<void>((resolve) => events.on('started', () => events.listenerCount('finish') >= 1_000 && resolve()));
  events.emit('finish');
  expect(await answer(1_000)).toMatchObject({ result: { structuredContent: { text: 'finished' } } });
});

test('reports progress only to a client with a token, only until the answer, and a thousand times at most', async () => {
  const { send, until, answer, received, events } = await servePipes();
  const progress = () => received.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params);
  send(1, callOf('probe_report_progress', {}, { _meta: { progressToken: 'mine' } }));
  await until(({ params }) => params?.progress === 100);
  events.emit('finish');
  await answer(1);
  const reported = [0, 50, 100].map((done) => ({ progressToken: 'mine', progress: done, total: 100, message: `at ${done}` }));
  expect(progress()).toEqual(reported);
  // The tool reports once more after its end.
  expect(events.emit('finish')).toBe(true);
  send(2, callOf('probe_report_much'));
  await answer(2);
  expect(progress()).toEqual(reported);
  send(3, callOf('probe_report_much', {}, { _meta: { progressToken: 3 } }));
  await answer(3);
  expect(progress()).toHaveLength(3 + 1_000);
});

const older = (method: string, params: object = {}) => ({ body: { jsonrpc: '2.0', method, params } });
const initialize = older('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
});
const olderCall = (name: string, args: object = {}) => older('tools/call', { name, arguments: args });
const echoOf = (text: string) => ({ result: { structuredContent: { text } } });

test('a client that discovers the server, and then initializes an older revision, is served by both', async () => {
  const { send, answer, input } = await servePipes();
  send(0, messageOf('server/discover'));
  expect(await answer(0)).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } });
  send(1, initialize);
  expect(await answer(1)).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
  input.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  send(2, olderCall('probe_echo_text', { text: 'older' }));
  expect(await answer(2)).toMatchObject(echoOf('older'));
});

test('one pipe serves messages of both kinds of revision in any order', async () => {
  const { send, answer } = await servePipes();
  const ask = async (id: number, message: { body: object }) => {
    send(id, message);
    return await answer(id);
  };
  expect(await ask(1, callOf('probe_echo_text', { text: 'a' }))).toMatchObject(echoOf('a'));
  expect(await ask(2, initialize)).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
  expect(await ask(3, olderCall('probe_echo_text', { text: 'b' }))).toMatchObject(echoOf('b'));
  expect(await ask(4, messageOf('server/discover'))).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } });
  expect(await ask(5, callOf('probe_echo_text', { text: 'c' }))).toMatchObject(echoOf('c'));
  expect(await ask(6, older('tools/list'))).toHaveProperty('result.tools');
  expect(await ask(7, older('server/discover'))).toMatchObject({ error: { code: -32601 } });
});

test('a cancellation on a pipe reaches the call of either revision', async () => {
  const { send, answer, events, input, received } = await servePipes();
  const started = once(events, 'started');
  send(1, callOf('probe_wait_long'));
  await started;
  send(2, olderCall('probe_wait_long'));
  while (events.listenerCount('finish') < 2) await once(events, 'started');
  for (const requestId of [2, 1, 99]) {
    const aborted = requestId === 99 ? undefined : once(events, 'aborted');
    input.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })}\n`);
    await aborted;
  }
  send(3, callOf('probe_echo_text', { text: 'alive' }));
  expect(await answer(3)).toMatchObject(echoOf('alive'));
  expect(received.map(({ id }) => id)).toEqual([3]);
});

test('a client that ends a pipe of both kinds of revision aborts its calls, and the transport reports it once', async () => {
  let closes = 0;
  const { events, input, send, listener } = await servePipes({ onClose: () => (closes += 1) });
  send(1, callOf('probe_wait_long'));
  send(2, olderCall('probe_wait_long'));
  while (events.listenerCount('finish') < 2) await once(events, 'started');
  let aborted = 0;
  events.on('aborted', () => (aborted += 1));
  input.end();
  await listener.close();
  while (aborted < 2) await once(events, 'aborted');
  expect(closes).toBe(1);
});

test('arguments that are null are an empty object', async () => {
  const { send, answer } = await servePipes();
  send(1, callOf('probe_echo_text', {}, { arguments: null }));
  expect(await answer(1)).toMatchObject({ result: { isError: true, content: [{ text: expect.stringContaining('text: is missing') }] } });
});
