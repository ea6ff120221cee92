import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Sent } from './http-request.ts';

/** An answer as it came over the wire, its body taken out of its chunks. */
export interface Reply {
  readonly status: string;
  /** Name and value as they were written, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What came back, and what became of the connection. */
export interface Outcome {
  readonly replies: readonly Reply[];
  readonly end: 'kept' | 'closed' | 'hung';
  /** What came and was no whole answer. */
  readonly rest: string;
}

/** A client's connection to one server, opened anew where the server has closed it. Requests on it go one after the other. */
export class Line {
  readonly #port: number;
  readonly #hungMs: number;
  #socket: Socket | undefined;
  /** What has come and was read by no request yet. More than was waited for is found with the next request. */
  #bytes: Buffer = Buffer.alloc(0);

  /** @param hungMs How long the server may be silent. The default is far beyond any answer here, also on a machine that is busy. */
  constructor(port: number, hungMs = 10_000) {
    this.#port = port;
    this.#hungMs = hungMs;
  }

  /** Sends a request and reads what comes back. Never throws for what the server does. */
  async send(sent: Sent): Promise<Outcome> {
    if (sent.fresh) this.close();
    const socket = (this.#socket ??= await this.#open());
    const { promise, resolve } = Promise.withResolvers<Outcome['end']>();
    let read = readReplies(this.#bytes, sent.bodyless);
    const onData = () => {
      read = readReplies(this.#bytes, sent.bodyless);
      const final = read.replies.filter(({ status }) => !/ 1\d\d /.test(status));
      if (!sent.cut && final.length >= (sent.answers ?? 1) && !closes(final.at(-1))) resolve('kept');
    };
    const onClose = () => resolve('closed');
    const onTimeout = () => resolve('hung');
    socket.on('data', onData).once('close', onClose).once('timeout', onTimeout).setTimeout(this.#hungMs);
    // Closed since the last answer, though that did not say so.
    if (socket.destroyed) resolve('closed');
    for (const [i, packet] of sent.packets.entries()) {
      if (i > 0) await new Promise((turn) => void setImmediate(turn));
      socket.write(packet);
    }
    if (sent.cut) socket.end();
    const end = await promise;
    socket.off('data', onData).off('close', onClose).off('timeout', onTimeout).setTimeout(0);
    this.#bytes = this.#bytes.subarray(read.length);
    if (end !== 'kept' || sent.fresh) this.close();
    return { replies: read.replies, rest: end === 'kept' ? '' : read.rest, end };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#bytes = Buffer.alloc(0);
  }

  async #open(): Promise<Socket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    // What it has to say of its end is heard by `close`.
    socket.on('error', () => {});
    return socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
  }
}

const closes = (reply: Reply | undefined): boolean =>
  reply?.headers.some(([name, value]) => name.toLowerCase() === 'connection' && value === 'close') ?? false;

/** The whole answers at the beginning of some bytes, how long they are, and what comes after them. */
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

/** Undefined: there is more to come. */
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
