import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { WireRequest } from './http-request.ts';

/** An answer as it arrived, with its body joined from its chunks. */
export interface Reply {
  readonly status: string;
  /** Names and values as they were written, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** The answers to a request, and the state of the connection after them. */
export interface Outcome {
  readonly replies: readonly Reply[];
  readonly connection: 'kept' | 'closed' | 'hung';
  /** The bytes after the last complete answer. */
  readonly rest: string;
}

/** A client's connection to one server. Reconnects if the server has closed it. Send one request at a time. */
export class HttpConnection {
  readonly #port: number;
  readonly #hungMs: number;
  #socket: Socket | undefined;
  /** The received bytes that no request has read yet. Bytes after the expected answers are compared with the next request. */
  #bytes: Buffer = Buffer.alloc(0);

  /** @param hungMs How long the server may be silent. The default is far longer than any answer takes here, even on a busy machine. */
  constructor(port: number, hungMs = 10_000) {
    this.#port = port;
    this.#hungMs = hungMs;
  }

  /** Sends a request and reads its answers. Never throws because of the server. */
  async send(request: WireRequest): Promise<Outcome> {
    if (request.fresh) this.close();
    const socket = (this.#socket ??= await this.#open());
    const { promise, resolve } = Promise.withResolvers<Outcome['connection']>();
    let read = readReplies(this.#bytes, request.bodyless);
    const onData = () => {
      read = readReplies(this.#bytes, request.bodyless);
      const final = read.replies.filter(({ status }) => !/ 1\d\d /.test(status));
      if (!request.cut && final.length >= (request.answers ?? 1) && !closes(final.at(-1))) resolve('kept');
    };
    const onClose = () => resolve('closed');
    const onTimeout = () => resolve('hung');
    socket.on('data', onData).once('close', onClose).once('timeout', onTimeout).setTimeout(this.#hungMs);
    // The server has closed it since its last answer, which did not announce that.
    if (socket.destroyed) resolve('closed');
    for (const [i, packet] of request.packets.entries()) {
      if (i > 0) await new Promise((turn) => void setImmediate(turn));
      socket.write(packet);
    }
    if (request.cut) socket.end();
    const connection = await promise;
    socket.off('data', onData).off('close', onClose).off('timeout', onTimeout).setTimeout(0);
    this.#bytes = this.#bytes.subarray(read.length);
    if (connection !== 'kept' || request.fresh) this.close();
    return { replies: read.replies, rest: connection === 'kept' ? '' : read.rest, connection };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#bytes = Buffer.alloc(0);
  }

  async #open(): Promise<Socket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    // The listener of `close` handles the end of the connection.
    socket.on('error', () => {});
    return socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
  }
}

const closes = (reply: Reply | undefined): boolean =>
  reply?.headers.some(([name, value]) => name.toLowerCase() === 'connection' && value === 'close') ?? false;

/** Reads the complete answers at the beginning of some bytes. Returns them with their length and with the rest. */
function readReplies(bytes: Buffer, bodyless = false): { replies: Reply[]; length: number; rest: string } {
  const replies: Reply[] = [];
  let at = 0;
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd < 0) break;
    const [status = '', ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n');
    const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
    const body = bodyless ? { body: '', end: headEnd + 4 } : readBody(bytes, headEnd + 4, headers);
    if (!body) break;
    replies.push({ status, headers, body: body.body });
    at = body.end;
  }
  return { replies, length: at, rest: bytes.toString('utf8', at) };
}

/** Undefined if the body is not complete yet. */
function readBody(bytes: Buffer, start: number, headers: Reply['headers']): { body: string; end: number } | undefined {
  const header = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  if (header('transfer-encoding') !== 'chunked') {
    const end = start + Number(header('content-length') ?? 0);
    return end <= bytes.length ? { body: bytes.toString('utf8', start, end), end } : undefined;
  }
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (end > bytes.length) return undefined;
    if (size === 0) return { body: Buffer.concat(parts).toString('utf8'), end };
    parts.push(bytes.subarray(lineEnd + 2, end - 2));
    at = end;
  }
}
