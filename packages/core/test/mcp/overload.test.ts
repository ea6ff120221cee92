import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { localPrincipal, type RefusalEvent } from '../../src/index.ts';
import { callOf, post } from './raw.ts';
import { rawClient } from './room/sockets.ts';
import { serve } from './serve.ts';

const echo = callOf('probe_echo_text', { text: 'a' });
const wait = callOf('probe_wait_long');

/** Starts a server that may run two requests at once, and starts both. Each request has another key. */
async function serveAtLimit() {
  const counts = { authenticated: 0, refused: [] as RefusalEvent['reason'][] };
  const served = await serve(
    { maxRunning: 2, maxRunningPerTenant: 2, fallback: (_request, response) => void response.end('here') },
    {
      authenticate: async () => {
        counts.authenticated += 1;
        return { ...localPrincipal, id: `key-${counts.authenticated}` };
      },
      observer: { refused: ({ reason }) => void counts.refused.push(reason) },
    },
  );
  let starting = 2;
  const started = new Promise<void>((resolve) => served.events.on('started', () => (starting -= 1) === 0 && resolve()));
  const running = [post(served.url, wait), post(served.url, wait)];
  await started;
  onTestFinished(async () => {
    served.events.emit('finish');
    await Promise.all(running);
  });
  return { ...served, counts, running };
}

test('refuses a request beyond maxRunning with 503 and Retry-After, counts the refusal, and logs nothing', async () => {
  const { url, counts, lines } = await serveAtLimit();
  const { status, headers, json } = await post(url, echo);
  expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  expect(json()).toEqual({
    jsonrpc: '2.0',
    id: null,
    error: {
      code: 503,
      message: 'This server is overloaded at the moment. Wait a second, then call again.',
      data: { code: 'OVERLOADED' },
    },
  });
  expect(counts.refused).toEqual(['overload']);
  expect(lines).toEqual([]);
});

test('refuses the request before its key and body are read, and keeps its connection', async () => {
  const { url, events, counts, running } = await serveAtLimit();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const open = (length: number) =>
    request(url, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...echo.headers, 'content-length': length },
    });
  const body = JSON.stringify(echo.body);
  const refused = open(body.length);
  refused.write(body.slice(0, 1));
  const [response] = (await once(refused, 'response')) as [IncomingMessage];
  expect([response.statusCode, counts.authenticated]).toEqual([503, 2]);
  refused.end(body.slice(1));
  await response.toArray();
  events.emit('finish');
  await Promise.all(running);
  const again = open(body.length).end(body);
  const [answer] = (await once(again, 'response')) as [IncomingMessage];
  expect([answer.statusCode, again.reusedSocket]).toEqual([200, true]);
});

test('closes the connection of a request that it refuses before a large body, and does not read the body', async () => {
  const { url } = await serveAtLimit();
  for (const length of ['content-length: 1000000', 'transfer-encoding: chunked']) {
    const client = await rawClient(url);
    client.socket.write(`POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n${length}\r\n\r\n`);
    const answer = await client.reads(/"OVERLOADED"/);
    expect(answer).toMatch(/^HTTP\/1.1 503 [^]*\r\nconnection: close\r\n/i);
    await client.closed;
  }
});

test('serves again as soon as a running request has ended, and never runs more than maxRunning', async () => {
  const { url, events, running } = await serveAtLimit();
  const [finishFirst] = events.listeners('finish');
  (finishFirst as () => void)();
  const ended = await Promise.race(running);
  expect(ended.status).toBe(200);
  expect((await post(url, echo)).status).toBe(200);
  const started = once(events, 'started');
  const next = post(url, wait);
  await started;
  expect((await post(url, echo)).status).toBe(503);
  events.emit('finish');
  expect((await Promise.all([...running, next])).map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('answers all other paths while it refuses requests', async () => {
  const { url } = await serveAtLimit();
  expect(await (await fetch(new URL('/health', url))).text()).toBe('here');
});
