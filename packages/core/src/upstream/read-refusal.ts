import type { UpstreamFailure } from '../connector/connector.ts';
import { failureFromStatus } from '../connector/failure.ts';
import type { HttpResponse } from '../connector/http.ts';
import { UpstreamError } from '../ports/resilience.ts';
import { readPage, waitOf } from './failure.ts';
import type { HttpOptions } from './http-options.ts';
import { readRedirect } from './redirect.ts';
import type { StartedAnswer } from './send-attempt.ts';
import type { Token } from './token-source.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** Returns the error for an answer that is a refusal, or undefined if the request accepts the answer. */
export function readRefusal(
  options: HttpOptions,
  upstreamRequest: UpstreamRequest,
  response: HttpResponse<unknown>,
  { token, origin }: Pick<StartedAnswer, 'token' | 'origin'>,
): UpstreamError | undefined {
  const { request } = upstreamRequest;
  const { status } = response;
  const listed = request.accept?.includes(status) === true;
  const accepted = listed || (status >= 200 && status < 300);
  const page = accepted ? readPage(response) : undefined;
  // A request that expects a page has a schema that accepts it.
  const unexpectedPage = page && !request.response?.safeParse(response.data).success ? page : undefined;
  const failure =
    (listed ? undefined : options.connector.failure?.(response)) ??
    unexpectedPage ??
    (accepted ? undefined : (readRedirect(status, response.headers, origin) ?? failureFromStatus(status)));
  return failure && toUpstreamError(options, upstreamRequest, failure, response, token);
}

function toUpstreamError(
  { tokens, clock }: HttpOptions,
  upstreamRequest: UpstreamRequest,
  failure: UpstreamFailure,
  { status, headers }: HttpResponse<unknown>,
  token: Token | undefined,
): UpstreamError {
  const renewed = failure.renew === true && !upstreamRequest.renewed && token !== undefined && tokens?.renew(token) === true;
  if (renewed) upstreamRequest.renewed = true;
  const passes = failure.code === 'RATE_LIMITED' || failure.code === 'UPSTREAM_UNAVAILABLE';
  const transient = renewed || (passes && !(failure.repeat === 'idempotent' && upstreamRequest.retry === 'never'));
  return new UpstreamError(failure.code, failure.message, {
    executed: failure.executed,
    transient,
    retryAfterMs: renewed ? 0 : (failure.retryAfterMs ?? (transient ? waitOf(failure.code, headers, clock.now()) : undefined)),
    status,
  });
}
