import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Host } from '../host.ts';
import type { Listener, Transport } from '../transport.ts';
import type { CallerOptions } from './request/caller.ts';
import { ClientDisconnect } from './request/client-disconnect.ts';
import { mcpEndpoint } from './endpoint.ts';
import { PendingCounter } from '../lib/pending-counter.ts';
import { draining, overloaded, refuse } from './request/http-error.ts';
import { isLoopback, type GuardOptions } from './request/request-guard.ts';
import { keepTickShape } from './tick-shape.ts';
import { receiveWebhook } from './webhook.ts';

// Not imported: for an ES module that imports node:http, Node loads all that it exports, its WebSocket and with that undici. That takes about as long
// as all of core.
const { createServer } = createRequire(import.meta.url)('node:http') as typeof import('node:http');

// Now, and not when a server starts: by then what else a program loads has been collected a few times.
keepTickShape();

/** Where and how to serve MCP over HTTP. */
export interface HttpTransportOptions extends Omit<GuardOptions, 'hostname'>, CallerOptions {
  /** Default 3000. 0 takes any free port; the listener's `url` tells which. */
  readonly port?: number;
  /** Default 127.0.0.1. Anything but loopback needs a host with `authenticate`. */
  readonly hostname?: string;
  /**
   * Lets other processes listen on the same port, where they ask for that too: the system spreads connections over them. Not on macOS or
   * Windows. Nobody then hears that the port is taken. Default: false.
   */
  readonly reusePort?: boolean;
  /** The path of the MCP endpoint. Default `/mcp`. Webhooks arrive at `/hooks/…` beside it. */
  readonly path?: `/${string}`;
  /** The largest request, in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /**
   * How many requests may run at once, those that wait for a vendor or for the ledger included. One more is answered 503 with `Retry-After` before its
   * key and its body are looked at. What `fallback` answers is not counted. Default 1,500.
   */
  readonly maxRunning?: number;
  /** How long `close` lets running requests go on, in milliseconds. Default 10,000. */
  readonly drainMs?: number;
  /** Signs what waits for a person's answer: at least 32 characters, the same on all replicas. Default: random. */
  readonly secret?: string;
  /** Answers every other path: health, metrics, pages. This transport has checked nothing for it. Default: 404. */
  readonly fallback?: RequestListener;
}

// A whole request must arrive in this time, its headers in a third of it: slow senders would hold sockets for nothing.
const requestTimeoutMs = 30_000;
// Longer than the minute for which proxies keep an idle connection, so that it is never ours to close one that is about to be used.
const keepAliveTimeoutMs = 65_000;
// More than one process can serve at once, and fewer than it has file descriptors.
const maxConnections = 10_000;
// How many connections may wait to be taken. With Node's 511 a thousand clients that come at once wait for seconds until they have tried again.
// The system may allow fewer (`net.core.somaxconn`).
const backlog = 4_096;

/**
 * Serves MCP over Streamable HTTP: revision 2026-07-28 and older clients at one endpoint, without sessions.
 *
 * `listen` throws where a host without `authenticate` is bound to anything but loopback, and where the port is taken.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  return { listen: (host) => listen(host, options) };
}

async function listen(host: Host, options: HttpTransportOptions): Promise<Listener> {
  const { port = 3000, hostname = '127.0.0.1', path = '/mcp', maxBodyBytes = 4 * 1024 * 1024, drainMs = 10_000 } = options;
  const { maxRunning = 1_500, reusePort = false } = options;
  if (!host.authenticates && !isLoopback(hostname))
    throw new Error(
      `httpTransport: this host does not authenticate its callers, so it may serve this machine alone and not ${hostname}. ` +
        'Give createHost an `authenticate`, or bind 127.0.0.1.',
    );
  const settings = { ...options, hostname, maxBodyBytes };
  const endpoint = mcpEndpoint(host, settings);
  const inFlight = new PendingCounter();
  const ended = () => inFlight.end();
  let closing: Promise<void> | undefined;

  const timeouts = { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs / 3, keepAliveTimeout: keepAliveTimeoutMs };
  const server = createServer(timeouts, (request, response) => {
    const { url = '' } = request;
    const pathname = url === path ? path : (url.split('?', 1)[0] ?? '');
    const isHook = pathname.startsWith('/hooks/');
    if (pathname !== path && !isHook) return (options.fallback ?? notFound)(request, response);
    if (closing) {
      response.setHeader('connection', 'close');
      return refuse(host, draining(), response);
    }
    if (inFlight.count >= maxRunning) return refuse(host, overloaded, response);
    inFlight.begin();
    const departure = new ClientDisconnect(response, ended);
    const served = isHook ? receiveWebhook(host, request, response, departure, settings) : endpoint.serve(request, response, departure);
    served.catch((error: unknown) => refuse(host, error, response));
  });
  server.maxConnections = maxConnections;
  server.listen({ port, host: hostname, backlog, reusePort });
  await once(server, 'listening');

  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    const left = await inFlight.drained(host.clock, drainMs);
    if (left > 0) host.log.warn({ requests: left }, 'closed with requests unanswered');
    await endpoint.close();
    server.closeAllConnections();
    await closed;
  };
  host.start();
  const { address, family, port: bound } = server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}${path}`;
  return { url, close: () => (closing ??= close()) };
}

const notFound: RequestListener = (_request, response) => void response.writeHead(404).end();
