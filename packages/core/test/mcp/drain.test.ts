import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { createHost } from '../../src/index.ts';
import { manualClock } from '../../src/testing/manual-clock.ts';
import { stdioTransport } from '../../src/mcp/stdio.ts';
import { probe } from './probe.ts';
import { callOf, post } from './raw.ts';
import { recordingLog } from './recording-log.ts';
import { serve } from './serve.ts';

const wait = callOf('probe_wait_long');

test('answers what runs, then ends', async () => {
  const { url, events, listener } = await serve();
  let starting = 50;
  const allStarted = new Promise<void>((resolve) => events.on('started', () => (starting -= 1) === 0 && resolve()));
  const calls = Array.from({ length: 50 }, async () => await post(url, wait));
  await allStarted;
  const closed = listener.close();
  expect(listener.close()).toBe(closed);
  // Whoever comes now finds the door closed.
  await expect(post(url, wait)).rejects.toThrow('fetch failed');
  events.emit('finish');
  for (const { status, json } of await Promise.all(calls)) {
    expect(status).toBe(200);
    expect(json().result).toMatchObject({ structuredContent: { text: 'finished' } });
  }
  await closed;
});

test('refuses what comes over a connection that is still open', async () => {
  const refused: string[] = [];
  const { url, events, listener } = await serve({}, { observer: { refused: ({ reason }) => void refused.push(reason) } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const send = async (message: object, headers: Record<string, string>): Promise<[IncomingMessage, string]> => {
    const sent = request(url, { agent, method: 'POST', headers: { 'content-type': 'application/json', ...headers } }).end(
      JSON.stringify(message),
    );
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return [response, Buffer.concat(await response.toArray()).toString()];
  };
  // A call that streams has sent its headers, and with them the promise to keep the connection, before the end is near.
  const started = once(events, 'started');
  const streamed = callOf('probe_wait_long', {}, { _meta: { progressToken: 1 } });
  const first = send(streamed.body, streamed.headers);
  const other = post(url, wait);
  await started;
  if (events.listenerCount('finish') < 2) await once(events, 'started');
  const closed = listener.close();
  const late = send(wait.body, wait.headers);
  const [finishFirst] = events.listeners('finish');
  (finishFirst as () => void)();
  expect((await first)[1]).toContain('finished');
  const [response, body] = await late;
  expect([response.statusCode, response.headers['retry-after'], response.headers.connection]).toEqual([503, '5', 'close']);
  expect(JSON.parse(body)).toMatchObject({
    error: { code: 503, message: expect.stringContaining('Try again'), data: { code: 'UNAVAILABLE' } },
  });
  expect(refused).toEqual(['draining']);
  events.emit('finish');
  expect((await other).status).toBe(200);
  await closed;
});

test('ends what still runs when its time is over', async () => {
  const clock = manualClock();
  const { url, events, listener, lines } = await serve({ drainMs: 5_000 }, { clock });
  const started = once(events, 'started');
  const broken = expect(post(url, wait)).rejects.toThrow('fetch failed');
  await started;
  const sleeping = clock.sleeping;
  const closed = listener.close();
  const aborted = once(events, 'aborted');
  expect(clock.sleeping).toBe(sleeping + 1);
  await clock.advance(5_000);
  await Promise.all([broken, aborted, closed]);
  expect(lines).toContainEqual({ level: 'warn', message: 'closed with requests unanswered', fields: { requests: 1 } });
});

/** A server over pipes that the test holds. */
async function servePipes(options: { drainMs?: number; onClose?: () => void } = {}, clock = manualClock()) {
  const { connector, events } = probe();
  const { log, lines } = recordingLog();
  const host = createHost({ connectors: [connector], log, clock });
  const [input, output] = [new PassThrough(), new PassThrough()];
  const listener = await stdioTransport({ input, output, ...options }).listen(host);
  onTestFinished(() => listener.close());
  const send = (id: number, { body }: { body: object }) => void input.write(`${JSON.stringify({ ...body, id })}\n`);
  const received: { id?: unknown }[] = [];
  let rest = '';
  output.on('data', (chunk: Buffer) => {
    const whole = (rest + chunk.toString()).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) received.push(JSON.parse(line) as { id?: unknown });
    output.emit('received');
  });
  const answer = async (id: number) => {
    for (;;) {
      const found = received.find((message) => message.id === id);
      if (found) return found;
      await once(output, 'received');
    }
  };
  return { listener, events, input, send, answer, received, lines, clock };
}

test('over stdio, answers what runs, refuses what comes, and ends', async () => {
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

test('over stdio, does not wait for what was cancelled', async () => {
  const { listener, events, input, send } = await servePipes();
  const started = once(events, 'started');
  send(1, wait);
  await started;
  const aborted = once(events, 'aborted');
  input.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })}\n`);
  await aborted;
  await expect(listener.close()).resolves.toBeUndefined();
});

test('over stdio, ends what still runs when its time is over', async () => {
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

test('over stdio, a client that goes away aborts its calls and is reported', async () => {
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

test('over stdio, a line that is no message does not end the connection', async () => {
  const { input, send, answer } = await servePipes();
  input.write('{"jsonrpc": broken\n\n[]\n');
  send(3, callOf('probe_echo_text', { text: 'alive' }));
  expect(await answer(3)).toMatchObject({ result: { structuredContent: { text: 'alive' } } });
});

test('over stdio, refuses more than a thousand requests at once', async () => {
  const { send, answer, events } = await servePipes();
  for (let id = 1; id <= 1_001; id += 1) send(id, wait);
  expect(await answer(1_001)).toMatchObject({ error: { code: 503, data: { code: 'OVERLOADED' } } });
  if (events.listenerCount('finish') < 1_000)
    await new Promise<void>((resolve) => events.on('started', () => events.listenerCount('finish') >= 1_000 && resolve()));
  events.emit('finish');
  expect(await answer(1_000)).toMatchObject({ result: { structuredContent: { text: 'finished' } } });
});
