import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { manualClock } from '../../src/testing/manual-clock.ts';
import { callOf, post } from './raw.ts';
import { head, rawClient } from './room/sockets.ts';
import { serve } from './serve.ts';

const wait = callOf('probe_wait_long');

test('a closing server answers the running requests, then ends', async () => {
  const { url, events, listener } = await serve();
  let starting = 50;
  const allStarted = new Promise<void>((resolve) => events.on('started', () => (starting -= 1) === 0 && resolve()));
  const calls = Array.from({ length: 50 }, async () => await post(url, wait));
  await allStarted;
  const closed = listener.close();
  expect(listener.close()).toBe(closed);
  // New connections are refused.
  await expect(post(url, wait)).rejects.toThrow('fetch failed');
  events.emit('finish');
  for (const { status, json } of await Promise.all(calls)) {
    expect(status).toBe(200);
    expect(json().result).toMatchObject({ structuredContent: { text: 'finished' } });
  }
  await closed;
});

test('a closing server refuses requests over a connection that is still open', async () => {
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
  // A streaming call has sent its headers before the server closes, and has thereby promised to keep the connection.
  const firstStarted = once(events, 'started');
  const streamed = callOf('probe_wait_long', {}, { _meta: { progressToken: 1 } });
  const first = send(streamed.body, streamed.headers);
  await firstStarted;
  // The other call keeps the server open while the late call is refused. It starts second, so that the first call's listener comes first.
  const otherStarted = once(events, 'started');
  const other = post(url, wait);
  await otherStarted;
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

test.each(['/mcp', '/hooks/any'])(
  'a closing server refuses requests to %s whose bodies are still arriving, and does not wait for them',
  async (path) => {
    const refused: string[] = [];
    const { url, listener, host } = await serve(
      {},
      { clock: manualClock(), observer: { refused: ({ reason }) => void refused.push(reason) } },
    );
    Object.assign(host, { hook: async () => ({ tenant: 'acme', connection: 'con' }) });
    const clients = await Promise.all([1, 2, 3].map(() => rawClient(url)));
    const headers = { 'content-type': 'application/json', 'content-length': 100 };
    for (const { socket } of clients) socket.write(`${head(path, headers)}{`);
    // The server has read the others by the time it answers this.
    await fetch(new URL('/elsewhere', url), { method: 'POST', body: '{}' });
    await listener.close();
    await Promise.all(clients.map(({ closed }) => closed));
    for (const { text } of clients) expect(text).toMatch(/^HTTP\/1.1 503 /);
    expect(refused).toEqual(Array(3).fill('draining'));
  },
);

test('a closing server aborts the requests that still run after drainMs', async () => {
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
