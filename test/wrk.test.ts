import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openClient, type Client } from '../bench/clients/client.ts';
import { checkWrk, wrk } from '../bench/clients/wrk.ts';

const right = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'x'.repeat(500) }] } });
const request = (client: Client): Buffer => client.request({ method: 'tools/list' });

/** Starts a server with this listener, and `count` clients, each with its own key. Returns a function that loads the server. */
async function loaded(answer: RequestListener, count: number) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const caller = (key: string) => ({ port, era: '2026-07-28', session: false, key }) as const;
  const clients = await Promise.all(Array.from({ length: count }, (_, index) => openClient(caller(`key-${index}`))));
  onTestFinished(async () => {
    for (const client of clients) client.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return () =>
    wrk(
      { port, clients, request, seconds: 1 },
      () => {},
      () => {},
    );
}

const missing = (() => {
  try {
    checkWrk();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();
if (missing !== undefined) console.warn(`Skipped: the tests of the benchmark's load. ${missing}`);

describe.skipIf(missing !== undefined)('wrk', () => {
  test('sends the clients’ requests in turn, and counts the answers', async () => {
    const seen = new Map<string, number>();
    const load = await loaded(({ headers: { authorization = '' } }, response) => {
      seen.set(authorization, (seen.get(authorization) ?? 0) + 1);
      response.end(right);
    }, 3);
    const { requests, ms, p50Ms, p99Ms, busy } = await load();
    const counts = [0, 1, 2].map((index) => seen.get(`Bearer key-${index}`) ?? 0);
    const all = counts.reduce((sum, count) => sum + count, 0);
    // Two requests check an answer, and some were in flight at the end.
    expect(all - requests).toBeGreaterThanOrEqual(2);
    expect(all - requests).toBeLessThanOrEqual(5);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(5);
    expect(requests).toBeGreaterThan(100);
    expect([ms > 900, ms < 3_000, p50Ms > 0, p99Ms >= p50Ms, busy > 0, busy < 1.1]).toEqual([true, true, true, true, true, true]);
  });

  test('fails if an answer is not a success', async () => {
    let count = 0;
    const load = await loaded((_, response) => void response.writeHead((count += 1) === 50 ? 500 : 200).end(right), 2);
    await expect(load()).rejects.toThrow(/^1 of \d+ answers failed/);
  });

  test('fails if answers are smaller than correct answers', async () => {
    // The answers are small under load, and correct on the connection on which an answer is checked before and after it.
    let checking: Socket | undefined;
    const load = await loaded(({ socket }, response) => void response.end(socket === (checking ??= socket) ? right : '{}'), 1);
    await expect(load()).rejects.toThrow('and a correct answer has');
  });
});
