import type { z } from 'zod';
import type { Context } from '../connector/context.ts';
import type { Http, HttpRequest, HttpResponse } from '../connector/http.ts';
import { ToolError } from '../errors.ts';
import { HttpClientError, type IncomingResponse } from '../ports/http-client.ts';
import { UpstreamError } from '../ports/resilience.ts';
import { guardRequest } from './guard-request.ts';
import type { HttpOptions } from './http-options.ts';
import type { LargeAnswer } from './large-answers.ts';
import { observeLimits } from './observe-limits.ts';
import { readBody, readLines } from './read-body.ts';
import { readRefusal } from './read-refusal.ts';
import { sendAttempt } from './send-attempt.ts';
import { UpstreamRequest } from './upstream-request.ts';
import { upstreamScopeOf, wroteOf } from './upstream-scope.ts';
import { withMethods } from './with-methods.ts';

/**
 * Creates the `http` of one connection. It authorizes, sends and reads each attempt, and records whether a write may have happened.
 * `Resilience` decides whether to make another attempt.
 */
export function createHttp(options: HttpOptions): Http {
  return withMethods({
    request: (request, context) => sendRequest(options, request, context),
    rows: (request, context) => streamRows(options, request, context),
  });
}

async function sendRequest<S extends z.ZodType>(
  options: HttpOptions,
  request: HttpRequest<S>,
  context: Context,
): Promise<HttpResponse<z.output<S>>> {
  const upstreamRequest = new UpstreamRequest(upstreamScopeOf(context), request);
  const answer = await guardRequest(options, upstreamRequest, context, (signal) => attemptRequest(options, upstreamRequest, signal));
  const data = request.response && parseWith(request.response, answer.data, upstreamRequest);
  return { ...answer, data: data as z.output<S> };
}

/** Makes one attempt at a request. @throws {UpstreamError} for an answer that is a refusal. */
async function attemptRequest(options: HttpOptions, upstreamRequest: UpstreamRequest, signal: AbortSignal): Promise<HttpResponse<unknown>> {
  const started = await sendAttempt(options, upstreamRequest, signal);
  const { response } = started;
  const answer = {
    status: response.status,
    headers: response.headers,
    data: await readAnswer(response, () => options.largeAnswers.begin(options.tenant, signal)),
  };
  const refusal = readRefusal(options, upstreamRequest, answer, started);
  observeLimits(options, upstreamRequest.request, answer.headers, refusal);
  if (refusal) {
    upstreamRequest.markRefused(refusal);
    throw refusal;
  }
  upstreamRequest.markAnswered('yes');
  return answer;
}

async function* streamRows<S extends z.ZodType>(
  options: HttpOptions,
  request: HttpRequest<S>,
  context: Context,
): AsyncGenerator<z.output<S>> {
  const upstreamRequest = new UpstreamRequest(upstreamScopeOf(context), request);
  const body = await guardRequest(options, upstreamRequest, context, (signal) => attemptRows(options, upstreamRequest, context, signal));
  try {
    for await (const row of readLines(body))
      yield request.response ? parseWith(request.response, row, upstreamRequest) : (row as z.output<S>);
  } catch (error) {
    if (error instanceof UpstreamError) throw new ToolError(error.code, error.message, { cause: error });
    if (!(error instanceof HttpClientError)) throw error;
    throw new ToolError('UPSTREAM_UNAVAILABLE', 'The vendor broke off in the middle of its rows. Ask for a smaller range.', {
      cause: error,
    });
  }
}

/** Makes one attempt to begin a stream of rows. Returns the unread body. @throws {UpstreamError} for an answer without rows. */
async function attemptRows(
  options: HttpOptions,
  upstreamRequest: UpstreamRequest,
  context: Context,
  signal: AbortSignal,
): Promise<IncomingResponse['body']> {
  // The attempt and its timeout end when the answer begins. The stream continues under the context's signal.
  const attemptAbort = new AbortController();
  const onAbort = (): void => attemptAbort.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const started = await sendAttempt(options, upstreamRequest, AbortSignal.any([context.signal, attemptAbort.signal]));
    const { response } = started;
    const { status, headers } = response;
    if (status >= 200 && status < 300) {
      observeLimits(options, upstreamRequest.request, headers);
      upstreamRequest.markAnswered('yes');
      return response.body;
    }
    const refusal =
      readRefusal(options, upstreamRequest, { status, headers, data: await readAnswer(response) }, started) ?? withoutRows(status);
    observeLimits(options, upstreamRequest.request, headers, refusal);
    upstreamRequest.markRefused(refusal);
    throw refusal;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function withoutRows(status: number): UpstreamError {
  return new UpstreamError('UPSTREAM_INVALID', `The vendor answered HTTP ${status} where rows were expected.`, {
    executed: 'yes',
    transient: false,
  });
}

/** Reads a body. A refusal whose body breaks off still counts as that refusal, because its status has been read. */
async function readAnswer({ status, body }: IncomingResponse, large?: () => Promise<LargeAnswer>): Promise<unknown> {
  try {
    return await readBody(body, large && { large });
  } catch (error) {
    if (error instanceof HttpClientError && status >= 300 && status < 500) return undefined;
    throw error;
  }
}

// zod would describe each of a hundred thousand wrong rows, which takes a second, and would run out of stack for those in a nested list.
const stopEarly: z.core.ParseContextInternal<z.core.$ZodIssue> = { abortEarly: true };

function parseWith<S extends z.ZodType>(schema: S, data: unknown, { scope, operation }: UpstreamRequest): z.output<S> {
  const parsed = schema.safeParse(data, stopEarly);
  if (parsed.success) return parsed.data;
  const written = wroteOf(scope) === 'yes' ? ' The write itself was made; do not repeat it.' : '';
  throw new ToolError('UPSTREAM_INVALID', `The vendor's answer to ${operation} does not match its API’s documentation.${written}`, {
    cause: parsed.error,
  });
}
