// A keep-alive connection of HTTP/1.1 with one request at a time. The client works as little as possible, because it shares the machine
// with the measured server. It supports only the parts of HTTP that MCP servers use.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A response of the server. */
export interface Response {
  readonly status: number;
  /** The raw head. */
  readonly head: string;
  readonly body: Buffer;
}

/** The connection of one client. */
export interface Connection {
  /** Sends a whole request and waits for the whole answer. Reconnects if the server has closed the connection. */
  send(request: Buffer): Promise<Response>;
  close(): void;
}

/** Returns the bytes of a request to `/mcp`. */
export function postOf(port: number, headers: Readonly<Record<string, string>>, body: string, method = 'POST'): Buffer {
  const all = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} /mcp HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

/** Connects to a port on 127.0.0.1. */
export async function openConnection(port: number): Promise<Connection> {
  let socket = await dial(port);
  return {
    async send(request) {
      if (socket.destroyed || !socket.writable) socket = await dial(port);
      const response = await exchange(socket, request);
      if (/^connection: close\r?$/im.test(response.head)) socket.destroy();
      return response;
    },
    close: () => void socket.destroy(),
  };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  // If the connection breaks between requests, the next request reconnects.
  socket.on('error', () => {});
  return socket;
}

function exchange(socket: Socket, request: Buffer): Promise<Response> {
  return new Promise((resolve, reject) => {
    const answer = readAnswer();
    const end = (settle: () => void) => {
      socket.off('data', data).off('close', closed);
      settle();
    };
    const closed = () => end(() => reject(new Error('The server closed the connection before it had answered.')));
    const data = (chunk: Buffer) => {
      const response = answer(chunk);
      if (response) end(() => resolve(response));
    };
    socket.on('data', data).on('close', closed);
    socket.write(request);
  });
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

/** Creates a reader. Pass it each chunk that arrives; it returns the answer once it is complete. */
function readAnswer(): (chunk: Buffer) => Response | undefined {
  let chunks: Buffer[] = [];
  let size = 0;
  let head: { readonly text: string; readonly status: number; readonly from: number; readonly length: number | undefined } | undefined;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (!head) {
      const received = Buffer.concat(chunks);
      chunks = [received];
      const at = received.indexOf(headEnd);
      if (at < 0) return undefined;
      const text = received.toString('latin1', 0, at);
      const length = /^content-length: (\d+)/im.exec(text)?.[1];
      head = { text, status: Number(text.slice(9, 12)), from: at + 4, length: lengthOf(text, length) };
    }
    const { text, status, from, length } = head;
    if (length !== undefined) {
      if (size < from + length) return undefined;
      return { status, head: text, body: Buffer.concat(chunks).subarray(from) };
    }
    // JSON and event streams contain no carriage return, so this can only be the end.
    const tail = chunk.length >= lastChunk.length ? chunk : Buffer.concat(chunks);
    if (!tail.subarray(-lastChunk.length).equals(lastChunk)) return undefined;
    return { status, head: text, body: unchunk(Buffer.concat(chunks).subarray(from)) };
  };
}

const lengthOf = (head: string, length: string | undefined) =>
  length === undefined && !/^transfer-encoding: chunked/im.test(head) ? 0 : length === undefined ? undefined : Number(length);

function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) break;
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(parts);
}
