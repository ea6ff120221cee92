import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WriteBatches } from '../../../src/mcp/fast-lane/write-batch.ts';
import { manualClock } from '../../../src/testing/manual-clock.ts';
import { callOf, messageOf, type Message } from '../raw.ts';
import { serve } from '../serve.ts';

/** Sends a message on several connections at once, and returns the order in which the server read requests and wrote answers. */
async function orderOfEvents(clients: number, message: Message): Promise<string[]> {
  const { url } = await serve({}, { clock: manualClock() });
  const sockets = await Promise.all(Array.from({ length: clients }, () => dial(url)));
  // Each connection sends a request first: the server may accept it only some time after it is established.
  for (const socket of sockets) await exchange(socket, post(url, messageOf('tools/list')));
  const order: string[] = [];
  const record = (channel: string, event: string) => {
    const listener = () => void order.push(event);
    subscribe(channel, listener);
    onTestFinished(() => void unsubscribe(channel, listener));
  };
  record('http.server.request.start', 'read');
  record('http.server.response.finish', 'written');
  // Over loopback, written bytes can be read at once, so the server reads all requests in the next turn.
  await Promise.all(sockets.map((socket) => exchange(socket, post(url, message))));
  return order;
}

async function dial(url: URL): Promise<Socket> {
  const socket = connect({ port: Number(url.port), host: '127.0.0.1', noDelay: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function exchange(socket: Socket, request: string): Promise<void> {
  const answered = once(socket, 'data');
  socket.write(request);
  const [data] = (await answered) as [Buffer];
  expect(data.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK');
}

function post(url: URL, { body, headers }: Message): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({ host: url.host, 'content-type': 'application/json', ...headers, 'content-length': text.length });
  return `POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`;
}

const turnOfLoop = () => new Promise<void>((resolve) => void setImmediate(resolve));

test.each([
  ['calls', callOf('probe_echo_text', { text: 'hello' })],
  ['lists', messageOf('tools/list')],
])('%s that are read together are answered together, and not each before the next is read', async (_what, message) => {
  const order = await orderOfEvents(8, message);
  const runs = order.filter((event, i) => event === 'written' && order[i - 1] === 'read');
  // One run of answers, except on a busy system, on which some requests arrive late. Without batches there are as many runs as calls.
  expect(runs.length).toBeLessThan(5);
  expect(order.filter((event) => event === 'written')).toHaveLength(8);
});

test('an answer waits for the end of the turn in which its request was read, and does not wait after that turn', async () => {
  const batches = new WriteBatches(manualClock());
  const batch = batches.join();
  if (!batch) throw new Error('the first request has a batch');
  const written: string[] = [];
  const write = batch.turn()?.then(() => written.push('early'));
  await Promise.resolve();
  expect(written).toEqual([]);
  await turnOfLoop();
  await write;
  expect(written).toEqual(['early']);
  expect(batch.turn()).toBeUndefined();
});

test('a batch closes after some milliseconds: its answers are written, and later requests share the next batch', async () => {
  let now = 0;
  const batches = new WriteBatches({ ...manualClock(), elapsed: () => now });
  const first = batches.join();
  if (!first) throw new Error('the first request has a batch');
  now = 2;
  expect(batches.join()).toBe(first);
  const written: string[] = [];
  const write = first.turn()?.then(() => written.push('first'));
  now = 3;
  const second = batches.join();
  expect(second).not.toBe(first);
  expect(first.turn()).toBeUndefined();
  await write;
  expect(written).toEqual(['first']);
  expect(second?.turn()).toBeInstanceOf(Promise);
});

test('after many requests that came alone, a request does not wait, until several come together again', async () => {
  const batches = new WriteBatches(manualClock());
  const lone = async () => {
    const batch = batches.join();
    await turnOfLoop();
    return batch !== undefined;
  };
  const opened = async (count: number) => {
    let batched = 0;
    for (let request = 0; request < count; request += 1) if (await lone()) batched += 1;
    return batched;
  };
  expect(await opened(64)).toBe(64);
  expect(await opened(160)).toBe(10);
  const company = async () => {
    const all = [batches.join(), batches.join()];
    await turnOfLoop();
    return all.every((batch) => batch !== undefined);
  };
  for (let request = 0; request < 16; request += 1) await company();
  expect(await company()).toBe(true);
  expect(await opened(64)).toBe(64);
});
