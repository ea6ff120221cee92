import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { platform } from 'node:process';

// Since libuv 1.45, Node accepts one connection for each listening socket in a turn of the event loop. Clients that open some hundred
// connections and keep them busy make turns long, and with one socket, others would wait for many seconds until they are accepted. With
// many, clients that connect again and again would take the time of calls on open connections.
const sockets = 8;

/**
 * Opens a port with several listening sockets where the system distributes connections among them, as Linux does, and elsewhere with one.
 * Resolves with the function that closes the others than the server's own. Rejects if the port is taken.
 */
export async function listenOften(server: Server, options: ListenOptions): Promise<() => void> {
  // The workers of a program that uses `node:cluster` share a socket of their primary.
  const isShared = cluster.isWorker && !options.reusePort;
  const canShare = platform === 'linux' && !isShared;
  // The system does not report that a port is taken by a process that shares it.
  if (canShare && options.port !== 0 && !options.reusePort) await checkFree(options);
  server.listen(canShare ? { ...options, reusePort: true } : options);
  await once(server, 'listening');
  const address = server.address();
  if (!canShare || typeof address !== 'object' || address === null) return () => {};
  const others = await Promise.all(
    Array.from({ length: sockets - 1 }, async () => {
      const other = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
      other.listen({ ...options, port: address.port, reusePort: true });
      // Older versions of Node cannot share a port. One socket is enough to serve.
      await once(other, 'listening').catch(() => {});
      return other;
    }),
  );
  return () => {
    for (const other of others) other.close();
  };
}

async function checkFree({ port, host }: ListenOptions): Promise<void> {
  const probe = createServer().listen({ port, host });
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}
