import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection of a client that reads and writes only as its test says. */
export interface RawClient {
  readonly socket: Socket;
  /** All that was read, as text. */
  readonly text: string;
  /** Resolves when the text matches. Rejects if the connection closes first. */
  reads(pattern: RegExp): Promise<string>;
  /** Resolves when the connection has closed. */
  readonly closed: Promise<unknown>;
}

/** Connects to a server until the test ends. */
export async function rawClient({ hostname, port }: URL, localAddress = '127.0.0.1'): Promise<RawClient> {
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([once(socket, 'connect'), closed]);
  return {
    socket,
    get text() {
      return text;
    },
    closed,
    async reads(pattern) {
      while (!pattern.test(text)) {
        const over = await Promise.race([once(socket, 'data').then(() => false), closed.then(() => true)]);
        if (over && !pattern.test(text)) throw new Error(`The connection closed after ${JSON.stringify(text)}`);
      }
      return text;
    },
  };
}

/** The head of a POST with these headers. */
export const head = (path: string, headers: Readonly<Record<string, string | number>>): string =>
  [`POST ${path} HTTP/1.1`, 'host: 127.0.0.1', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
