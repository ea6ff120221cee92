import type { z } from 'zod';
import type { HttpRequest } from '../connector/http.ts';
import { ToolError } from '../errors.ts';
import { HttpClientError, type IncomingResponse } from '../ports/http-client.ts';
import type { HttpOptions } from './http-options.ts';
import { formBody, requestUrl } from './request-url.ts';
import type { Token } from './token-source.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** The start of an answer, and where and with which token its request was sent. */
export interface StartedAnswer {
  /** The response, with its body unread. */
  readonly response: IncomingResponse;
  readonly token: Token | undefined;
  readonly origin: string;
}

/** Authorizes and sends one attempt, and reads the status and headers of its answer. */
export async function sendAttempt(options: HttpOptions, upstreamRequest: UpstreamRequest, signal: AbortSignal): Promise<StartedAnswer> {
  const { request } = upstreamRequest;
  const token = await options.tokens?.get();
  const origin = originOf(options, request, token);
  const url = requestUrl(origin, request.path, request.params, request.query);
  const [type, body] = encodeBody(request);
  const headers = headersOf(request, type, token);
  signal.throwIfAborted();
  const sent = upstreamRequest.markSent(origin);
  try {
    const response = await options.httpClient.send({ method: request.method, url, headers, body, remap: options.remap(origin), signal });
    sent.status = response.status;
    return { response, token, origin };
  } catch (error) {
    if (error instanceof HttpClientError && error.sent === 'no') upstreamRequest.markNotExecuted();
    throw error;
  }
}

function originOf({ connector, origins }: HttpOptions, { origin: named, path }: HttpRequest<z.ZodType>, token: Token | undefined): string {
  const origin = named ?? token?.origin ?? origins.first;
  if (origin === undefined) throw new TypeError(`${connector.id} sends ${path} without an origin, and its first origin is a pattern`);
  if (!origins.allows(origin)) throw new TypeError(`${connector.id} may not send to ${origin}: it is not among its origins`);
  return origin;
}

function encodeBody({ body }: HttpRequest<z.ZodType>): [type: string | undefined, body: string | undefined] {
  if (!body) return [undefined, undefined];
  if ('json' in body) return ['application/json', JSON.stringify(body.json)];
  return ['application/x-www-form-urlencoded', formBody(body.form)];
}

// What node:http sends: tabs and Latin-1 without control characters.
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

function headersOf({ headers }: HttpRequest<z.ZodType>, type: string | undefined, token: Token | undefined): Record<string, string> {
  const all: Record<string, string> = { accept: 'application/json' };
  if (type !== undefined) all['content-type'] = type;
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!headerValue.test(value))
      throw new ToolError('INVALID_INPUT', `The value for the header ${name} has a line break or a character that no header can hold.`);
    all[name.toLowerCase()] = value;
  }
  if (token) all['authorization'] = token.header;
  return all;
}
