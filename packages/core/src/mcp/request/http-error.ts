import type { ServerResponse } from 'node:http';
import { ToolError, type ErrorCode } from '../../errors.ts';
import type { Host } from '../../host.ts';
import type { RefusalEvent } from '../../ports/observer.ts';
import { mask } from './mask.ts';

interface HttpErrorDetails {
  /** The JSON-RPC code. Default: the HTTP status, which lies outside the ranges that JSON-RPC and MCP reserve. */
  readonly rpcCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The reason under which observers count the refusal. Absent for a mistake in the message, which concerns only the client. */
  readonly reason?: RefusalEvent['reason'];
}

/** Ends a request with an HTTP error and a JSON-RPC error body. The message tells the model what happened and what to do next. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: ErrorCode;
  readonly details: HttpErrorDetails;

  constructor(status: number, code: ErrorCode, message: string, details: HttpErrorDetails = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/**
 * The error that a server answers with while it shuts down. The client repeats the request, which then reaches another replica or the
 * restarted server.
 */
export function draining(): HttpError {
  return new HttpError(503, 'UNAVAILABLE', 'This server is shutting down. Try again in a few seconds.', {
    headers: { 'retry-after': '5', connection: 'close' },
    reason: 'draining',
  });
}

/** The error for a request beyond `maxRunning`. Created once, because refusing under overload must cost next to nothing. */
export const overloaded = new HttpError(503, 'OVERLOADED', 'This server is overloaded at the moment. Wait a second, then call again.', {
  headers: { 'retry-after': '1' },
  reason: 'overload',
});

/**
 * The error for a request beyond the share of its key or tenant. Not 503, because the server serves all others, and a proxy must not take
 * the server for broken.
 */
export const ownShareTaken = new HttpError(
  429,
  'OVERLOADED',
  'Too many of your requests are running or arriving here at the moment. Wait until some of them have ended, then call again.',
  { headers: { 'retry-after': '1' }, reason: 'share' },
);

/**
 * Answers a request with an error. Errors other than {@link HttpError} and ToolError are masked.
 *
 * @param id The id of the refused message, if it is known.
 */
export function refuse(host: Host, error: unknown, response: ServerResponse, id?: string | number): void {
  // The client has disconnected, or its response has begun and can only be cut off.
  if (response.destroyed || response.headersSent) return void response.destroy();
  const { status, details, body } = refusalOf(host, error, id);
  for (const [name, value] of Object.entries(details.headers ?? {})) response.setHeader(name, value);
  closeUnread(response);
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-content-type-options', 'nosniff');
  response.writeHead(status).end(JSON.stringify(body));
}

/** Turns an error into a refusal: reports it to the observer, and returns the JSON-RPC message that says it. See {@link refuse}. */
export function refusalOf(host: Host, error: unknown, id: string | number | undefined) {
  const { status, code, message, details } = error instanceof HttpError ? error : toHttpError(host, error);
  if (details.reason) host.observer.refused?.({ reason: details.reason });
  const body = { jsonrpc: '2.0', id: id ?? null, error: { code: details.rpcCode ?? status, message, data: { code } } } as const;
  return { status, details, body };
}

// Up to this size, reading what is left of a body costs less than another connection.
const readToTheEnd = 64 * 1024;

/** Ends a connection after its answer if most of a large body is still to come. node:http would read it to the end for nothing. */
function closeUnread(response: ServerResponse): void {
  const { complete, headers } = response.req;
  // A request with neither header has no body, but is not complete either while its headers are read.
  const length = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Infinity;
  if (!complete && length > readToTheEnd) response.setHeader('connection', 'close');
}

function toHttpError(host: Host, error: unknown): HttpError {
  if (!ToolError.is(error)) {
    const errorId = mask(host.log, error, 'request failed');
    return new HttpError(500, 'INTERNAL', `The server failed. An operator finds the cause in the log under ${errorId}.`, {
      rpcCode: -32603,
    });
  }
  const { code, message, retryAfterMs = 5_000 } = error;
  const retryAfter = { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
  if (code === 'UNAUTHENTICATED')
    return new HttpError(401, code, message, { headers: { 'www-authenticate': 'Bearer' }, reason: 'unauthenticated' });
  if (code === 'RATE_LIMITED') return new HttpError(429, code, message, { headers: retryAfter, reason: 'rate-limit' });
  if (code === 'UNAVAILABLE') return new HttpError(503, code, message, { headers: retryAfter });
  return new HttpError(403, code, message);
}
