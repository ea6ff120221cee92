import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.ts';

/** Where requests may come from. */
export interface GuardOptions {
  /** Where the server is bound. */
  readonly hostname: string;
  /** The hostnames, without port, that `Host` may name. Default: the loopback names where the server is bound to one, else any. */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * The origins (`https://app.example.com`) whose pages may call, in the sense of the Origin check and of CORS. Default: pages of this
   * machine where the server is bound to loopback, else none. Clients that are no browsers send no Origin and are not concerned.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether only this machine can reach a server that is bound there. */
export const isLoopback = (hostname: string): boolean => loopback.test(hostname);

/** What a page of an allowed origin may send and read. `mcp-param-*` cannot be listed by pattern, so what was asked for is checked by it. */
const requestHeaders =
  /^(accept|authorization|content-type|last-event-id|mcp-(protocol-version|method|name|session-id|param-[\w.-]+)|traceparent|tracestate)$/;
const responseHeaders =
  'retry-after, ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, www-authenticate';

/**
 * Keeps web pages from reaching a server that they have no business with, by a forged `Host` (DNS rebinding) or from a foreign `Origin`,
 * and lets those of allowed origins read the answers. Throws a {@link HttpError}.
 */
export function requestGuard(options: GuardOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const local = isLoopback(options.hostname);
  const hosts = options.allowedHosts && new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const origins = options.allowedOrigins && new Set(options.allowedOrigins);
  const hostAllowed = (hostname: string) => (hosts ? hosts.has(hostname) : !local || isLoopback(hostname));
  const originAllowed = (origin: string) => (origins ? origins.has(origin) : local && isLoopback(hostOfOrigin(origin)));

  // Nearly every request names the same host as the one before.
  let passed: string | undefined;

  return ({ headers }, response) => {
    if (headers.host === undefined || headers.host !== passed) {
      if (!hostAllowed(hostOf(headers.host)))
        throw forbidden('host', 'This server does not serve the Host that was asked for', 'allowedHosts');
      passed = headers.host;
    }
    const { origin } = headers;
    if (origin === undefined) return;
    if (!originAllowed(origin)) throw forbidden('origin', 'Pages of this Origin may not call this server', 'allowedOrigins');
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', responseHeaders);
    response.setHeader('vary', 'Origin');
  };
}

/** Answers a browser that asks whether it may send a request. The guard has let the origin pass. */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  const asked = (headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim().toLowerCase());
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', asked.filter((name) => requestHeaders.test(name)).join(', '));
  response.setHeader('access-control-max-age', '600');
  response.writeHead(204).end();
}

const forbidden = (reason: 'host' | 'origin', what: string, option: string): HttpError =>
  new HttpError(403, 'FORBIDDEN', `${what}. An operator can add it to ${option}.`, { reason });

/** The name in a Host header, without its port. Empty for what is none. */
function hostOf(header: string | undefined): string {
  return /^([a-z\d._-]+|\[[\da-f:.]+\])(?::\d+)?$/.exec(header?.toLowerCase() ?? '')?.[1] ?? '';
}

function hostOfOrigin(origin: string): string {
  return URL.canParse(origin) && new URL(origin).origin === origin ? new URL(origin).hostname : '';
}
