import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A connection to a server that a test can cut. */
export interface Proxy {
  /** The server's URL through the proxy. */
  readonly url: string;
  /** Closes every connection, and every new connection at once. */
  cut(): void;
  /** Forwards requests and holds replies back, until it is cut. */
  mute(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of a server. */
export async function startProxy(target: string): Promise<Proxy> {
  const url = new URL(target);
  const { hostname, port } = url;
  const sockets = new Set<Socket>();
  let open = true;
  let muted = false;

  const server = createServer((client) => {
    if (!open) return void client.destroy();
    const upstream = connect(Number(port || 5432), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => void (muted || client.write(chunk)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);

  const cut = (): void => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut,
    mute: () => void (muted = true),
    mend() {
      open = true;
      muted = false;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
