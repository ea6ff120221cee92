import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Authenticate, ErrorCode, Logger } from '@busbar/core';
import { isLoopback } from '@busbar/core/mcp/http';
import { databaseRefusal } from '@busbar/postgres';
import { authenticateCaller, countAddress, type CallerOptions } from './caller.ts';
import type { Health } from './health.ts';
import { httpErrorOf } from './http-errors.ts';
import { closeUnread, cutOffUnread, webListener, type WebHandler } from './web-listener.ts';

/** The services and settings that the routes outside MCP need. */
export interface RouterOptions extends CallerOptions {
  readonly health: Health;
  readonly log: Logger;
  /** Who may read `/metrics`. Callers with a key always may. */
  readonly metricsFor: 'anyone' | 'this machine' | 'keys';
  /** Answers every path under `/admin/`, for callers whose key `authenticateAdmin` accepts. */
  readonly adminApi: WebHandler;
  readonly authenticateAdmin: Authenticate;
  metrics(): Promise<string>;
}

const nothingHere = 'Nothing is served here. MCP is at /mcp, health at /health, metrics at /metrics, the admin API at /admin/v1/.';
const noSignIn = 'There is no sign-in here. Send your API key to /mcp: the header "Authorization: Bearer bb_…".';
// MCP clients whose key was refused look here for a way to sign in, and show their user the answer.
const signInPath = /^\/(register$|\.well-known\/(oauth-|openid-configuration))/;

/** An answer in one piece. */
interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

type ReadPage = (request: IncomingMessage) => Promise<Page>;

/**
 * Answers everything except MCP. `/health`, `/health/live` and `/health/ready` are open to anyone, `/health/detailed` needs an API key, and
 * `/metrics` needs one unless `metricsFor` says otherwise. None of them shows a tenant's data. The admin API answers `/admin/…`.
 */
export function createRouter(options: RouterOptions): RequestListener {
  const { health, log } = options;

  const readiness = async () => {
    const report = await health.readiness();
    return json(report.status === 'ready' ? 200 : 503, report);
  };
  const pages = new Map<string, ReadPage>([
    ['/health', readiness],
    ['/health/ready', readiness],
    ['/health/live', async () => json(200, { status: 'live' })],
    [
      '/health/detailed',
      async (request) => {
        const { principal } = await authenticateCaller(request, options);
        return json(200, await health.details({ isOperator: principal.roles.includes('operator') }));
      },
    ],
    [
      '/metrics',
      async (request) => {
        await admitToMetrics(request, options);
        return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text: await options.metrics() };
      },
    ],
  ]);
  const refuseSignIn: ReadPage = async (request) => {
    await authenticateCaller(request, options);
    return errorPage(404, 'NOT_FOUND', noSignIn);
  };
  const serveAdmin = webListener(options.adminApi, log);
  const adminCallers = { ...options, authenticate: options.authenticateAdmin };

  function pageOf(error: unknown): Page {
    const known = httpErrorOf(databaseRefusal(error) ?? error);
    if (known) return errorPage(known.status, known.error.code, known.error.message, known.headers);
    log.error({ err: error }, 'A page failed');
    return errorPage(500, 'INTERNAL', 'This page failed. The server log says why.');
  }

  // Before the admin API, whose web `Request` costs several times as much as the refusal of a stranger.
  async function admitToAdmin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sender = await authenticateCaller(request, adminCallers).catch((error: unknown) => write(pageOf(error), request, response));
    // A client that has gone would never be heard to go.
    if (sender && !response.destroyed) serveAdmin(request, response, sender);
  }

  return (request, response) => {
    const { method = 'GET', url = '' } = request;
    const [path = ''] = url.split('?', 1);
    if (path.startsWith('/admin/')) return void admitToAdmin(request, response);
    const read = pages.get(path) ?? (signInPath.test(path) ? refuseSignIn : undefined);
    if (!read) return write(nothingHerePage, request, response);
    if (pages.has(path) && method !== 'GET' && method !== 'HEAD') return write(readOnly, request, response);
    void read(request)
      .catch(pageOf)
      .then((page) => write(page, request, response));
  };
}

// Strangers may ask for pages as often as they like, so a page costs little: it is written without a web `Response`, and in one piece.
function write({ status, type, text, headers }: Page, request: IncomingMessage, response: ServerResponse): void {
  if (response.destroyed) return;
  closeUnread(request, response);
  cutOffUnread(response);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

async function admitToMetrics(request: IncomingMessage, options: RouterOptions): Promise<void> {
  const { metricsFor } = options;
  const isOpen = metricsFor === 'anyone' || (metricsFor === 'this machine' && isFromThisMachine(request));
  if (isOpen) await countAddress(request, options);
  else await authenticateCaller(request, options);
}

/** The headers that proxies add. A proxy on this machine may add none of them, so no one relies on this in production. */
const proxyHeader = /^(via|forwarded|x-forwarded(-.+)?|x-real-ip|x-envoy-.+|.+-connecting-ip|.+-client-ip)$/;

/** Whether the client runs on this machine, is not behind a proxy, and is not a web page that DNS rebinding directed to this server. */
function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const hostname = (headers.host ?? '').replace(/:\d+$/, '');
  const isForwarded = Object.keys(headers).some((name) => proxyHeader.test(name));
  return !isForwarded && isLoopback(socket.remoteAddress ?? '') && isLoopback(hostname);
}

const problemType = 'application/problem+json';

/** The body of an error, as the admin API has it (RFC 9457). A text under `error` would be an error of OAuth to clients that sign in. */
const problem = (status: number, title: ErrorCode, detail: string) => `${JSON.stringify({ status, title, detail })}\n`;

const errorPage = (status: number, code: ErrorCode, message: string, headers?: Readonly<Record<string, string>>): Page => ({
  status,
  type: problemType,
  text: problem(status, code, message),
  headers,
});

const json = (status: number, body: object): Page => ({ status, type: 'application/json', text: `${JSON.stringify(body)}\n` });

const nothingHerePage = errorPage(404, 'NOT_FOUND', nothingHere);
const readOnly = errorPage(405, 'INVALID_INPUT', 'This page can only be read.', { allow: 'GET, HEAD' });
