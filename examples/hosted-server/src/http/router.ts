import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ToolError, type Authenticate, type Logger, type RateLimit } from '@busbar/core';
import type { Health } from './health.ts';
import { callerAddress } from './caller-address.ts';
import { isLoopback } from './loopback.ts';

/** What the pages beside MCP are made of. */
export interface HttpRoutesOptions {
  readonly health: Health;
  readonly authenticate: Authenticate;
  readonly limitPerAddress: RateLimit;
  readonly log: Logger;
  /** Whether everybody may read `/metrics`. */
  readonly openMetrics: boolean;
  /** Whether `X-Forwarded-For` says where a request comes from. */
  readonly trustProxy: boolean;
  /** Answers everything under `/admin/`. */
  readonly admin: RequestListener;
  metrics(): Promise<string>;
}

interface Page {
  readonly status: number;
  readonly body: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Answers what is not MCP: `/health`, `/health/live`, `/health/ready` to everybody, `/health/detailed` to any good key, `/metrics` to
 * this machine or any good key. None of those shows anything of a tenant. What is under `/admin/` is the admin API's.
 */
export function createHttpRoutes(options: HttpRoutesOptions): RequestListener {
  const { health } = options;

  const ready = async (): Promise<Page> => {
    const body = await health.readiness();
    return { status: body.status === 'ready' ? 200 : 503, body };
  };
  const routes: Readonly<Record<string, (request: IncomingMessage) => Promise<Page>>> = {
    '/health': ready,
    '/health/ready': ready,
    '/health/live': async () => ({ status: 200, body: { status: 'live' } }),
    '/health/detailed': async (request) => {
      await requireKey(request, options);
      return { status: 200, body: await health.details() };
    },
    '/metrics': async (request) => {
      if (!options.openMetrics && !isFromHere(request)) await requireKey(request, options);
      return { status: 200, body: await options.metrics(), headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } };
    },
  };

  const answer = async (request: IncomingMessage): Promise<Page> => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!route)
      return problem(404, 'Nothing is served here. MCP is at /mcp, health at /health, metrics at /metrics, the admin API at /admin/v1/.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return problem(405, 'This page can only be read.', { allow: 'GET, HEAD' });
    return route(request);
  };

  return (request, response) => {
    if (request.url?.startsWith('/admin/')) return options.admin(request, response);
    answer(request)
      .catch((error: unknown) => refusal(error, options.log))
      .then((page) => send(response, page, request.method === 'HEAD'))
      .catch(() => response.destroy());
  };
}

async function requireKey(request: IncomingMessage, { authenticate, limitPerAddress, trustProxy }: HttpRoutesOptions): Promise<void> {
  const address = callerAddress(request, trustProxy);
  const { allowed, resetMs } = await limitPerAddress.take(address ?? '');
  if (!allowed) throw new ToolError('RATE_LIMITED', 'Too many requests from this address.', { retryAfterMs: resetMs });
  await authenticate({ token: /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1], address });
}

/** A request of this machine itself: not through a proxy on it, and not of a web page that a name server led here. */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const forwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  const hostname = (headers.host ?? '').replace(/:\d+$/, '');
  return !forwarded && isLoopback(socket.remoteAddress ?? '') && isLoopback(hostname);
}

function refusal(error: unknown, log: Logger): Page {
  if (!ToolError.is(error)) {
    log.error({ err: error }, 'A page could not be made');
    return problem(500, 'This page could not be made. The log says why.');
  }
  if (error.code === 'UNAUTHENTICATED') return problem(401, error.message, { 'www-authenticate': 'Bearer' });
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
  return problem(error.code === 'RATE_LIMITED' ? 429 : 503, error.message, { 'retry-after': String(seconds) });
}

const problem = (status: number, error: string, headers: Readonly<Record<string, string>> = {}): Page => ({
  status,
  body: { error },
  headers,
});

function send(response: ServerResponse, { status, body, headers }: Page, headOnly: boolean): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store', ...headers });
  response.end(headOnly ? undefined : text);
}
