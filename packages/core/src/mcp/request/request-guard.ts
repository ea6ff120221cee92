import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.ts';

/** Options for {@link createRequestGuard}. */
/** Which hosts and pages may be named in requests. */
export interface AllowedCallers {
  /** The hostnames, without port, that `Host` may name. Default: loopback names if the server is bound to loopback, else any. */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * The origins (`https://app.example.com`) whose pages may call the server. They pass the Origin check, and CORS lets them read answers.
   * Default: the origins of this machine if the server is bound to loopback, else none. Clients other than browsers send no Origin, so the
   * list does not affect them.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
}

export interface GuardOptions extends AllowedCallers {
  /** The address to which the server is bound. */
  readonly hostname: string;
}

const loopbackV4 = String.raw`127(?:\.\d{1,3}){3}`;
// Includes the IPv4-mapped addresses in both forms, because URLs use the hexadecimal form.
const loopbackV6 = String.raw`::1|::ffff:${loopbackV4}|::ffff:7f[\da-f]{2}:[\da-f]{1,4}`;
const loopback = new RegExp(String.raw`^(?:localhost|${loopbackV4}|${loopbackV6}|\[(?:${loopbackV6})\])$`, 'i');

/** Whether a hostname or address, with or without IPv6's brackets, names only this machine. */
export const isLoopback = (hostname: string): boolean => loopback.test(hostname);

/**
 * The headers that a page of an allowed origin may send. CORS has no pattern for `mcp-param-*`, so the server tests each name that a
 * browser asks for.
 */
const requestHeaders =
  /^(accept|authorization|content-type|last-event-id|mcp-(protocol-version|method|name|session-id|param-[\w.-]+)|traceparent|tracestate)$/;
/** The headers that a page of an allowed origin may read. */
const responseHeaders =
  'retry-after, ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, www-authenticate';

/**
 * Creates a guard that keeps web pages from reaching the server with a forged `Host` (DNS rebinding) or from a foreign `Origin`. Pages from
 * allowed origins may read the answers. The guard refuses a request by throwing an {@link HttpError}.
 */
export function createRequestGuard(options: GuardOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const local = isLoopback(options.hostname);
  const hosts = options.allowedHosts && new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const origins = options.allowedOrigins && new Set(options.allowedOrigins);
  const hostAllowed = (hostname: string) => (hosts ? hosts.has(hostname) : !local || isLoopback(hostname));
  const originAllowed = (origin: string) => (origins ? origins.has(origin) : local && isLoopback(hostOfOrigin(origin)));

  // Nearly every request names the same host as the request before it.
  let lastAllowed: string | undefined;

  return ({ headers }, response) => {
    if (headers.host === undefined || headers.host !== lastAllowed) {
      const hostname = hostOf(headers.host);
      if (hostname === undefined) throw new HttpError(400, 'INVALID_INPUT', 'Send one valid Host header.', { reason: 'host' });
      if (!hostAllowed(hostname)) throw forbidden('host', 'This server does not serve the requested Host', 'allowedHosts');
      lastAllowed = headers.host;
    }
    const { origin } = headers;
    if (origin === undefined) return;
    if (!originAllowed(origin)) throw forbidden('origin', 'Pages of this Origin may not call this server', 'allowedOrigins');
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', responseHeaders);
    response.setHeader('vary', 'Origin');
  };
}

// A page sends few headers of its own. Each name takes longer to compare than to send.
const maxRequestedHeaders = 100;

/** Answers a browser that asks whether it may send a request. The guard must already have checked the origin. */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  const requested = (headers['access-control-request-headers'] ?? '')
    .split(',', maxRequestedHeaders)
    .map((name) => name.trim().toLowerCase());
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', requested.filter((name) => requestHeaders.test(name)).join(', '));
  response.setHeader('access-control-max-age', '600');
  response.writeHead(204).end();
}

const forbidden = (reason: 'host' | 'origin', what: string, option: string): HttpError =>
  new HttpError(403, 'FORBIDDEN', `${what}. An operator can add it to ${option}.`, { reason });

/** Returns the name in a Host header, without its port. Empty if there is none, undefined if the header is malformed or there are two. */
function hostOf(header: string | undefined): string | undefined {
  return header ? /^([a-z\d._-]+|\[[\da-f:.]+\])(?::\d+)?$/.exec(header.toLowerCase())?.[1] : '';
}

/** Returns the hostname of an origin. Empty if the text is not exactly an origin. */
function hostOfOrigin(origin: string): string {
  return URL.canParse(origin) && new URL(origin).origin === origin ? new URL(origin).hostname : '';
}
