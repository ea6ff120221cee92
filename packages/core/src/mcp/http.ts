import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import type { Host } from '../host.ts';
import { PendingCounter } from '../lib/pending-counter.ts';
import type { Listener, Transport } from '../transport.ts';
import { createEndpoint } from './endpoint.ts';
import { listenOften } from './listen-often.ts';
import type { CallerOptions } from './request/caller.ts';
import { ClientDisconnect } from './request/client-disconnect.ts';
import { draining, HttpError, overloaded, refuse } from './request/http-error.ts';
import { isInPieces } from './request/read-body.ts';
import { isLoopback, type AllowedCallers } from './request/request-guard.ts';
import { ConnectionCounts } from './room/connection-counts.ts';
import { HeavyTurns } from './room/heavy-turns.ts';
import { Room } from './room/room.ts';
import { keepTickShape } from './tick-shape.ts';
import { receiveWebhook } from './webhook.ts';

// Why not imported: docs/decisions/0013-start-loads-what-it-serves.md
const { createServer } = createRequire(import.meta.url)('node:http') as typeof import('node:http');

// Runs on import, because the rest of the program may have been loaded when a server starts, and the shape would be lost.
keepTickShape();

// For servers that answer more than MCP, so that their pages read callers and bodies as the endpoint does.
export { addressOwner } from './room/address-owner.ts';
export { HttpError } from './request/http-error.ts';
export { isLoopback } from './request/request-guard.ts';
export { readBody, type Arrived } from './request/read-body.ts';
export { readCredentials } from './request/caller.ts';
export { Room } from './room/room.ts';

/** Options for {@link httpTransport}. */
export interface HttpTransportOptions extends AllowedCallers, CallerOptions {
  /** Default 3000. 0 picks any free port. The listener's `url` contains it. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1. Any address other than a loopback address requires a host with `authenticate`. */
  readonly hostname?: string | undefined;
  /**
   * Lets other processes that set this option listen on the same port. The operating system distributes connections among them, and does
   * not report that the port is taken. Not available on macOS or Windows. Default: false.
   */
  readonly reusePort?: boolean | undefined;
  /** The path of the MCP endpoint. Default `/mcp`. Webhooks arrive at `/hooks/…` on the same server. */
  readonly path?: `/${string}` | undefined;
  /** The largest request body, in bytes. The bodies of all requests together may take 64 times as much. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * The maximum number of requests that may run at once, including requests that are waiting for a vendor or for the ledger. Further
   * requests get 503 with `Retry-After` before the server reads their key and body. Requests to `fallback` are not counted. Default 1,500.
   */
  readonly maxRunning?: number | undefined;
  /**
   * How many of them may be of one tenant. One key may have half of that. Further requests get 429 with `Retry-After`. A tenant's part of
   * the memory for bodies and answers has the same proportion. Default: half of `maxRunning`. A host without `authenticate` has only one
   * caller, who may use everything.
   */
  readonly maxRunningPerTenant?: number | undefined;
  /**
   * The most open connections from one network address, or with IPv6 from one /64. Others are closed at once. Fewer if many addresses have
   * many, since all together may have 10,000. Not used with `trustProxy`. Default 1,000.
   */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** How long `close` waits for running requests, in milliseconds. Default 10,000. */
  readonly drainMs?: number | undefined;
  /** Signs the state of calls that wait for a person's answer. At least 32 characters, the same on all replicas. Default: random. */
  readonly secret?: string | undefined;
  /** Answers requests to all other paths, such as health, metrics and pages. The transport does not check these requests. Default: 404. */
  readonly fallback?: RequestListener | undefined;
}

// A whole request must arrive in this time, and its headers in a third of it, so that slow clients do not hold sockets.
const requestTimeoutMs = 15_000;
const serverOptions = {
  requestTimeout: requestTimeoutMs,
  headersTimeout: requestTimeoutMs / 3,
  // Node looks for requests that are too late this often. Its default of 30 seconds would let them take three times as long.
  connectionsCheckingInterval: 2_000,
  // Two headers of a name become a single header that is not valid. Node would drop the second, and a proxy may have read that.
  joinDuplicateHeaders: true,
  // Node would answer a request without Host itself, and no count would include it. `admits` answers it.
  requireHostHeader: false,
  // Proxies keep an idle connection for a minute. The server keeps it longer, so that it never closes a connection that a proxy is about to
  // use.
  keepAliveTimeout: 65_000,
};
// Clients send 10 to 20 headers, and cloud proxies and tracing add 20 to 40. Node refuses more with 431. All headers together may take
// 16 KB, which is Node's default and holds a long token.
const maxHeaders = 100;
// More connections than one process can serve at once, and fewer than it has file descriptors.
const maxConnections = 10_000;
// The most connections that may wait to be accepted. With Node's default of 511, a thousand clients that connect at once would retry and
// lose seconds. The system may allow fewer (`net.core.somaxconn`).
const backlog = 4_096;
// Requests that a client may send before it has the answer to the one before. Hardly any client sends even two.
const maxPipelined = 4;
// Full bodies at one time.
const maxBodies = 64;
// Subscriptions, which last until their client leaves.
const maxListening = 256;
// What all clients together may leave unread.
const maxUnreadBytes = 64 * 1024 * 1024;
// Deliveries have room of their own, which callers cannot take. SendGrid sends events in batches of up to 768 KB.
const maxDeliveryBytes = 1024 * 1024;
const deliveryBounds = { arriving: 400, running: 400, listening: 0, bytes: 16 * maxDeliveryBytes, unread: maxDeliveryBytes };

/**
 * Serves MCP over Streamable HTTP without sessions. One endpoint serves clients of revision 2026-07-28 and older clients.
 *
 * `listen` rejects if the port is taken, or if a host without `authenticate` would be bound to an address other than loopback.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  return { listen: (host) => listen(host, options) };
}

async function listen(host: Host, options: HttpTransportOptions): Promise<Listener> {
  const { port = 3000, hostname = '127.0.0.1', path = '/mcp', maxBodyBytes = 1024 * 1024, drainMs = 10_000 } = options;
  const { maxRunning = 1_500, maxRunningPerTenant = Math.ceil(maxRunning / 2), maxConnectionsPerAddress = 1_000 } = options;
  const nothing = nothingServed(host, path);
  const { reusePort = false, fallback = (_request, response) => refuse(host, nothing, response) } = options;
  if (!host.authenticates && !isLoopback(hostname))
    throw new Error(
      `httpTransport: this host does not authenticate its callers, so it may listen only on loopback and not on ${hostname}. ` +
        'Give createHost an `authenticate`, or bind 127.0.0.1.',
    );
  const shares = host.authenticates ? { tenant: Math.min(1, maxRunningPerTenant / maxRunning), key: 0.5 } : { tenant: 1, key: 1 };
  const room = new Room(
    { arriving: maxRunning, running: maxRunning, listening: maxListening, bytes: maxBodies * maxBodyBytes, unread: maxUnreadBytes },
    shares,
    host.clock,
  );
  const turns = new HeavyTurns(room);
  const deliveries = new Room(deliveryBounds, { tenant: 0.5, key: 0.5 }, host.clock);
  const webhooks = { ...options, room: deliveries, turns, maxBytes: maxDeliveryBytes };
  const endpoint = createEndpoint(host, { ...options, hostname, maxBodyBytes, room, turns });
  const running = new PendingCounter();
  const onEnd = () => running.end();
  let closing: Promise<void> | undefined;

  const server = createServer(serverOptions, serve);
  server.maxHeadersCount = maxHeaders;
  // Node would answer this itself too.
  server.on('checkExpectation', (request, response) => {
    if (!admits(request, response)) return;
    serveNothingAfter(request, response);
    response.writeHead(417).end();
  });
  const connections = new ConnectionCounts({
    total: maxConnections,
    maxPerOwner: options.trustProxy ? maxConnections : maxConnectionsPerAddress,
    shutsOut: !options.trustProxy,
    crowded: maxConnections * 0.8,
    // Connections that wait for their client's next request make room for new ones.
    onCrowded: () => server.closeIdleConnections(),
    clock: host.clock,
  });
  server.on('connection', (socket) => connections.admit(socket));
  const closeOthers = await listenOften(server, { port, host: hostname, backlog, reusePort });
  host.start();
  return { url: urlOf(server.address() as AddressInfo, path), close: () => (closing ??= close()) };

  /** Counts a request on its connection, and answers it if it is malformed. Returns whether it may be served. */
  function admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket, headers } = request;
    // Behind a proxy, which has its own size of pieces, no network could be shut out for them.
    if (headers['transfer-encoding'] !== undefined && !options.trustProxy) countUnwantedPieces(request, response);
    if (pipelinedOn(socket, response) > maxPipelined) connections.refuse(socket);
    else if (!(socket as Ending)[ending]) {
      const isMalformed = isFramedOtherwise(request);
      if (isMalformed || isJoined(headers.host) || isJoined(headers.authorization)) serveNothingAfter(request, response);
      if (!isMalformed) return true;
      response.writeHead(400).end();
    }
    return false;
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    if (!admits(request, response)) return;
    // Node reads nothing of what follows such a request in the same packet, so the bytes after that would be read as a request.
    if (request.headers.upgrade !== undefined) readNothingAfter(request, response);
    const { url = '' } = request;
    const pathname = url === path ? path : (url.split('?', 1)[0] ?? '');
    const isWebhook = pathname.startsWith('/hooks/');
    // RFC 9112: two Host headers are an error. The endpoint's guard checks the others.
    if (pathname !== path && isJoined(request.headers.host)) return void response.writeHead(400).end();
    if (pathname !== path && !isWebhook) return fallback(request, response);
    if (closing) return refuse(host, draining(), response);
    if (!isWebhook && room.isFull) return refuse(host, overloaded, response);
    running.begin();
    const disconnect = new ClientDisconnect(response, onEnd);
    (request.socket as Serving)[serving] = disconnect;
    const served = isWebhook
      ? receiveWebhook(host, request, response, disconnect, webhooks)
      : endpoint.serve(request, response, disconnect);
    served.catch((error: unknown) => refuse(host, error, response)).finally(() => disconnect.guest?.answered(response));
  }

  /** Refuses the client of a body that no one has begun to read if it arrives in many small pieces, each of which Node parses. */
  function countUnwantedPieces(request: IncomingMessage, response: ServerResponse): void {
    let size = 0;
    let count = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      count += 1;
      if (isInPieces(count, size)) connections.refuse(request.socket);
    };
    // Otherwise Node would drop the body when the request is answered, and no one could count it.
    request.read(0);
    response.once('finish', () => request.readableFlowing === null && request.on('data', onData));
  }

  async function close(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    closeOthers();
    // Bodies that do not end must not hold up the end of the server.
    for (const socket of connections) (socket as Serving)[serving]?.refuseBody(draining());
    const left = await running.drained(host.clock, drainMs);
    if (left > 0) host.log.warn({ requests: left }, 'closed with requests unanswered');
    await endpoint.close();
    server.closeAllConnections();
    await closed;
  }
}

/** Requests on a connection that came before the answer to the one before them. A response gets its socket when it is its turn. */
function pipelinedOn(socket: Pipelined, response: ServerResponse): number {
  if (!response.socket) return (socket[pipelined] = (socket[pipelined] ?? 0) + 1);
  if (socket[pipelined]) socket[pipelined] = 0;
  return 0;
}

const pipelined = Symbol('pipelined');
type Pipelined = Socket & { [pipelined]?: number };
// The last request of a connection.
const serving = Symbol('serving');
type Serving = Socket & { [serving]?: ClientDisconnect };

// A connection that ends with the answer to the request before.
const ending = Symbol('ending');
type Ending = Socket & { [ending]?: boolean };

/**
 * Ends the connection with the answer to a request that a proxy may have read otherwise, because the proxy may have taken the next request
 * for a part of this one. Node passes on all requests that have arrived before the connection ends, and no one would read their answers.
 */
function serveNothingAfter({ socket }: IncomingMessage, response: ServerResponse): void {
  (socket as Ending)[ending] = true;
  response.setHeader('connection', 'close');
}

/** RFC 9112: HTTP/1.1 without Host, HTTP/1.0 with a transfer coding, and codings other than chunked, which no client needs, are errors. */
function isFramedOtherwise({ headers, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (httpVersion !== '1.1' || coding.toLowerCase() !== 'chunked')) return true;
  return headers.host === undefined && httpVersion === '1.1';
}

/** Whether a header was sent twice, because neither a host nor a key has a comma. */
const isJoined = (header: string | undefined): boolean => header !== undefined && header.includes(',');

function readNothingAfter(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('connection', 'close');
  request.once('end', () => request.socket.pause());
}

const urlOf = ({ address, family, port }: AddressInfo, path: string): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}${path}`;

// Clients that were refused look here for a way to sign in, and show their user the answer. Created once, because strangers ask often.
function nothingServed({ authenticates }: Host, path: string): HttpError {
  const signIn = authenticates ? ' There is no sign-in: send your key as Authorization: Bearer <key>.' : '';
  return new HttpError(404, 'NOT_FOUND', `Nothing is served here. MCP is at ${path}.${signIn}`);
}
