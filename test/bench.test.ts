import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { checkEcho, checkList, checkRefusal, looksRight } from '../bench/clients/answer.ts';
import { openConnection, postOf, type Response } from '../bench/clients/connection.ts';
import type { Sample } from '../bench/measure.ts';
import { clientBusy, ratio } from '../bench/results.ts';
import { figure } from '../bench/tables.ts';

/** Starts a server that answers each request with these pieces, each in its own packet, and counts its connections. */
async function serve(pieces: readonly string[], closes = false) {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    const write = ([piece, ...rest]: readonly string[]): void => {
      if (piece !== undefined) socket.write(piece, () => setImmediate(write, rest));
      else if (closes) socket.end();
    };
    socket.on('data', () => write(pieces));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = await openConnection(port);
  onTestFinished(() => {
    connection.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { connection, request: postOf(port, {}, '{}'), sockets };
}

const answer = (body: string | object, status = 200, type = 'application/json'): Response => ({
  status,
  head: `HTTP/1.1 ${status} OK\r\nContent-Type: ${type}`,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const result = (fields: object) => ({ jsonrpc: '2.0', id: 1, result: fields });
const echo = (text: string, more: object = {}) => result({ content: [{ type: 'text', text }], ...more });

test.each([
  ['of a known length', ['HTTP/1.1 200 OK\r\nContent-Le', 'ngth: 6\r\n\r\nab', 'cdef']],
  ['in chunks', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n', '\r\n3\r\nabc\r', '\n3\r\ndef\r\n0\r', '\n\r\n']],
])('a connection reads an answer %s from its pieces, and the next answer too', async (_how, pieces) => {
  const { connection, request, sockets } = await serve(pieces);
  for (const time of [1, 2]) expect((await connection.send(request)).body.toString(), `time ${time}`).toBe('abcdef');
  expect(sockets).toHaveLength(1);
});

test('a client reconnects after the server has closed the connection', async () => {
  const { connection, request, sockets } = await serve(['HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'], true);
  expect([(await connection.send(request)).status, (await connection.send(request)).status]).toEqual([202, 202]);
  expect(sockets).toHaveLength(2);
});

test('an answer that is cut off is an error', async () => {
  const { connection, request } = await serve(['HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc'], true);
  await expect(connection.send(request)).rejects.toThrow('closed the connection before');
});

test('a server must echo, list all its tools and refuse invalid arguments', () => {
  expect(() => checkEcho(answer(echo('a')), 'a')).not.toThrow();
  expect(() => checkEcho(answer(`event: message\ndata: ${JSON.stringify(echo('a'))}\n\n`, 200, 'text/event-stream'), 'a')).not.toThrow();
  expect(() => checkEcho(answer(echo('b')), 'a')).toThrow('The server echoed');
  expect(() => checkEcho(answer(echo('a', { isError: true })), 'a')).toThrow('The server answered 200');
  const tool = (fields: number) => ({
    name: 'a',
    inputSchema: { properties: Object.fromEntries(Array.from({ length: fields }, (_, field) => [field, {}])) },
  });
  expect(() => checkList(answer(result({ tools: [tool(8), tool(8)] })), 2)).not.toThrow();
  expect(() => checkList(answer(result({ tools: [tool(8), tool(7)] })), 2)).toThrow('1 of them with eight fields');
  expect(() => checkList(answer(result({ tools: [tool(8)], nextCursor: 'b' })), 1)).toThrow('instead of 1');
  expect(() => checkRefusal(answer({ id: 1, error: { message: 'no' } }, 400))).not.toThrow();
  expect(() => checkRefusal(answer(echo('no', { isError: true })))).not.toThrow();
  expect(() => checkRefusal(answer(echo('a')))).toThrow('does less than the others');
});

test('an answer with an error fails the load', () => {
  const wrong = [answer(echo('a'), 500), answer(echo('a', { isError: true })), answer({ id: 1, error: { code: -32603 } }), answer('')];
  expect([answer(echo('a')), ...wrong].map(looksRight)).toEqual([true, false, false, false, false]);
});

test('a figure is the median of the ratios within rounds, not the ratio of the medians', () => {
  const sample = (server: string, round: number, cpuUs: number) => ({ cell: 'c', server, round, cpuUs }) as Sample;
  const bare = [10, 100, 1].map((cpuUs, round) => sample('bare', round, cpuUs));
  const own = [20, 500, 3].map((cpuUs, round) => sample('own', round, cpuUs));
  expect(ratio([...bare, ...own], 'c', 'own', 'cpuUs')).toBe(3);
  expect(ratio([...bare, ...own, sample('own', 7, 1_000)], 'c', 'own', 'cpuUs')).toBe(3);
  expect(ratio(bare, 'c', 'own', 'cpuUs')).toBeUndefined();
  const busy = [0.2, 0.9, 0.3].map((clientBusy, round) => ({ ...sample('own', round, 1), clientBusy }));
  expect(clientBusy([...bare, ...busy], 'c', 'own')).toBe(0.3);
  expect(clientBusy(bare, 'c', 'bare')).toBeUndefined();
  expect([undefined, 0.0048, 0.46, 1.04, 9.96, 246.4].map(figure)).toEqual(['–', '0.0048', '0.46', '1.0', '10', '246']);
});
