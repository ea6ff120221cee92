import type { IncomingMessage, RequestListener } from 'node:http';
import type { ErrorCode, Logger } from '@busbar/core';
import { isLoopback } from '@busbar/core/mcp/http';
import { databaseRefusal } from '@busbar/postgres';
import { Hono, type Context } from 'hono';
import { authenticateCaller, countAddress, type CallerOptions } from './caller.ts';
import type { Health } from './health.ts';
import { httpErrorOf } from './http-errors.ts';
import { pathOf, webListener, type WebBindings, type WebHandler } from './web-listener.ts';

/** The services and settings that the routes outside MCP need. */
export interface RouterOptions extends CallerOptions {
  readonly health: Health;
  readonly log: Logger;
  /** Who may read `/metrics`. Callers with a key always may. */
  readonly metricsFor: 'anyone' | 'this machine' | 'keys';
  /** Answers every path under `/admin/`. */
  readonly adminApi: WebHandler;
  metrics(): Promise<string>;
}

const nothingHere = 'Nothing is served here. MCP is at /mcp, health at /health, metrics at /metrics, the admin API at /admin/v1/.';
const noSignIn = 'There is no sign-in here. Send your API key to /mcp: the header "Authorization: Bearer bb_…".';
// MCP clients whose key was refused look here for a way to sign in, and show their user the answer.
const signInPath = /^\/(register$|\.well-known\/(oauth-|openid-configuration))/;

type Env = { Bindings: WebBindings };

/**
 * Answers everything except MCP. `/health`, `/health/live` and `/health/ready` are open to anyone, `/health/detailed` needs an API key, and
 * `/metrics` needs one unless `metricsFor` says otherwise. None of them shows a tenant's data. The admin API answers `/admin/…`.
 */
export function createRouter(options: RouterOptions): RequestListener {
  const { health, adminApi, log } = options;
  const app = new Hono<Env>({ getPath: pathOf });

  const readiness = async () => {
    const report = await health.readiness();
    return json(report.status === 'ready' ? 200 : 503, report);
  };
  const pages: Readonly<Record<string, (context: Context<Env>) => Promise<Response>>> = {
    '/health': readiness,
    '/health/ready': readiness,
    '/health/live': async () => json(200, { status: 'live' }),
    '/health/detailed': async ({ env }) => {
      const { principal } = await authenticateCaller(env.incoming, options);
      return json(200, await health.details({ isOperator: principal.roles.includes('operator') }));
    },
    '/metrics': async ({ env }) => {
      await admitToMetrics(env.incoming, options);
      return page(200, 'text/plain; version=0.0.4; charset=utf-8', await options.metrics());
    },
  };
  for (const [path, answer] of Object.entries(pages)) {
    app.get(path, answer);
    app.all(path, () => errorPage(405, 'INVALID_INPUT', 'This page can only be read.', { allow: 'GET, HEAD' }));
  }
  app.all('/:path{.*}', async ({ req, env }, next) => {
    if (!signInPath.test(req.path)) return await next();
    await authenticateCaller(env.incoming, options);
    return errorPage(404, 'NOT_FOUND', noSignIn);
  });
  app.all('/admin/:path{.*}', ({ req, env }) => adminApi(req.raw, env));
  app.onError((error) => {
    const known = httpErrorOf(databaseRefusal(error) ?? error);
    if (known) return errorPage(known.status, known.error.code, known.error.message, known.headers);
    log.error({ err: error }, 'A page failed');
    return errorPage(500, 'INTERNAL', 'This page failed. The server log says why.');
  });
  const served = webListener((request, env) => app.fetch(request, env), log);
  const isPage = (path: string) => path in pages || path.startsWith('/admin/') || signInPath.test(path);
  return (request, response) => {
    // Most requests from strangers end here, so that costs little.
    if (isPage((request.url ?? '').split('?', 1)[0] ?? '')) return served(request, response);
    // The bytes of a body that is not read must not be read as the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(404, { 'content-type': problemType, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    response.end(nothingHereBody);
  };
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

const nothingHereBody = problem(404, 'NOT_FOUND', nothingHere);

const errorPage = (status: number, code: ErrorCode, message: string, headers?: Readonly<Record<string, string>>) =>
  page(status, problemType, problem(status, code, message), headers);

const json = (status: number, body: object, headers?: Readonly<Record<string, string>>) =>
  page(status, 'application/json', `${JSON.stringify(body)}\n`, headers);

function page(status: number, contentType: string, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  const length = String(Buffer.byteLength(text));
  return new Response(text, {
    status,
    headers: { 'content-type': contentType, 'content-length': length, 'cache-control': 'no-store', ...headers },
  });
}
