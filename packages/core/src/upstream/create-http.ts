import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Connector, UpstreamFailure } from '../connector/connector.ts';
import type { Context } from '../connector/context.ts';
import { ToolError } from '../errors.ts';
import type { Http, HttpRequest, HttpResponse } from '../connector/http.ts';
import type { Observer } from '../ports/observer.ts';
import { UpstreamError, type Attempt, type NamedLimit, type Resilience } from '../ports/resilience.ts';
import { HttpClientError, type IncomingResponse, type HttpClient } from '../ports/http-client.ts';
import { untilAbort } from '../lib/until-abort.ts';
import { readFailure, readPage, waitOf } from './failure.ts';
import type { Origins } from './origins.ts';
import { readBody, readLines } from './read-body.ts';
import { formBody, requestUrl } from './request-url.ts';
import { UpstreamRequest } from './upstream-request.ts';
import { toObservedLimit, clockSkew } from './rate-limit-status.ts';
import { countWait, upstreamScopeOf, wroteOf } from './upstream-scope.ts';
import type { Token, TokenSource } from './token-source.ts';
import { withMethods } from './with-methods.ts';

/** What a connection's `http` works with. */
export interface CreateHttpOptions {
  readonly connector: Connector;
  /** The connection's id. */
  readonly connection: string;
  readonly origins: Origins;
  readonly tokens: TokenSource | undefined;
  readonly remap: (origin: string) => URL | undefined;
  readonly httpClient: HttpClient;
  readonly resilience: Resilience;
  readonly clock: Clock;
  readonly observer: Observer;
}

/**
 * Makes the `http` of one connection. Each attempt is authorized, sent and read here; whether there is another one is the
 * resilience's to say. This is where it is known whether a write may have happened.
 */
export function createHttp(options: CreateHttpOptions): Http {
  const { connector, tokens, clock, resilience } = options;

  /** Sends one attempt and reads the status. The body is still to be read. */
  async function exchange(
    upstreamRequest: UpstreamRequest,
    signal: AbortSignal,
  ): Promise<{ response: IncomingResponse; token: Token | undefined }> {
    const { request } = upstreamRequest;
    const token = await tokens?.get();
    const origin = request.origin ?? token?.origin ?? options.origins.first;
    if (origin === undefined)
      throw new TypeError(`${connector.id} sends ${request.path} without an origin, and its first one is a pattern`);
    if (!options.origins.allows(origin)) throw new TypeError(`${connector.id} may not send to ${origin}: it is not among its origins`);
    const url = requestUrl(origin, request.path, request.params, request.query);
    const [type, body] = encodeBody(request);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (type !== undefined) headers['content-type'] = type;
    for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
    if (token) headers['authorization'] = token.header;
    signal.throwIfAborted();
    const sent = upstreamRequest.markSent(origin);
    try {
      const response = await options.httpClient.send({ method: request.method, url, headers, body, remap: options.remap(origin), signal });
      sent.status = response.status;
      return { response, token };
    } catch (error) {
      if (error instanceof HttpClientError && error.sent === 'no') upstreamRequest.markNotExecuted();
      throw error;
    }
  }

  /** Takes an answer for what it is: undefined where it is one, else what to throw. */
  function refusalOf(
    upstreamRequest: UpstreamRequest,
    response: HttpResponse<unknown>,
    token: Token | undefined,
  ): UpstreamError | undefined {
    const { status } = response;
    const counted = (status >= 200 && status < 300) || upstreamRequest.request.accept?.includes(status) === true;
    const page = counted ? readPage(response) : undefined;
    const strayed = page && !upstreamRequest.request.response?.safeParse(response.data).success ? page : undefined;
    const failure = connector.failure?.(response) ?? strayed ?? (counted ? undefined : readFailure(response));
    return failure && toUpstreamError(upstreamRequest, failure, response, token);
  }

  function limitOf({ request }: UpstreamRequest): NamedLimit | undefined {
    const name = request.limit ?? 'default';
    const limit = connector.limits?.[name];
    if (request.limit !== undefined && !limit) throw new TypeError(`${connector.id} has no limit named "${name}"`);
    return limit && { name, ...limit };
  }

  /** Tells the budgets what an answer says of them. A refusal for the rate closes the one that its request drew on, for all who wait. */
  function learn(upstreamRequest: UpstreamRequest, headers: Headers, refusal?: UpstreamError): void {
    let someLeft = false;
    const nowMs = clock.now();
    const skewMs = clockSkew(headers, nowMs);
    for (const [name, limit] of Object.entries(connector.limits ?? {})) {
      const seen = toObservedLimit(limit.readRateLimit?.(headers), nowMs, skewMs);
      if (!seen) continue;
      someLeft ||= (seen.remaining ?? 0) > 0;
      resilience.observe(connector.id, options.connection, { name, ...limit }, seen);
    }
    const limit = limitOf(upstreamRequest);
    // Where some is left, what is used up is narrower than the connection, such as one record's own limit.
    if (!limit || someLeft || refusal?.code !== 'RATE_LIMITED' || refusal.retryAfterMs === undefined) return;
    resilience.observe(connector.id, options.connection, limit, { closedUntil: nowMs + refusal.retryAfterMs });
  }

  function toUpstreamError(
    upstreamRequest: UpstreamRequest,
    failure: UpstreamFailure,
    response: HttpResponse<unknown>,
    token: Token | undefined,
  ): UpstreamError {
    const renew = failure.renew === true && !upstreamRequest.renewed && token !== undefined && tokens?.renew(token) === true;
    if (renew) upstreamRequest.renewed = true;
    const transient = renew || failure.code === 'RATE_LIMITED' || failure.code === 'UPSTREAM_UNAVAILABLE';
    return new UpstreamError(failure.code, failure.message, {
      executed: failure.executed,
      transient,
      retryAfterMs: renew ? 0 : (failure.retryAfterMs ?? (transient ? waitOf(failure.code, response.headers, clock.now()) : undefined)),
      status: response.status,
    });
  }

  /** Runs attempts around `action` and turns whatever is left of them into what the tool may see. */
  async function guarded<R>(context: Context, upstreamRequest: UpstreamRequest, action: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const { request, scope } = upstreamRequest;
    await scope.gate?.pass();
    const operation = `${request.method} ${request.path}`;
    let attempts = 0;
    const attempt: Attempt = {
      connector: connector.id,
      connection: options.connection,
      operation,
      retry: request.retry ?? (request.method === 'GET' ? 'safe' : 'never'),
      signal: context.signal,
      deadlineAt: context.deadlineAt,
      limit: limitOf(upstreamRequest),
      user: scope.user,
      onEvent: (event) => {
        countWait(scope, event);
        if (event.kind === 'attempt') {
          attempts = event.attempt;
          if (options.observer.call) upstreamRequest.recordAttempt(operation, event, clock.now());
        }
        const where = { connector: connector.id, connection: options.connection, operation, durationMs: event.ms };
        options.observer.upstream?.(
          event.kind === 'attempt'
            ? { kind: event.kind, ...where, code: event.code }
            : { kind: event.kind, ...where, reason: event.reason },
        );
        const fields = { operation, ...event, breaker: resilience.breaker(connector.id, options.connection) };
        if (event.kind === 'attempt' && event.code === undefined) context.log.debug(fields, 'upstream attempt');
        else context.log.warn(fields, `upstream ${event.kind}`);
      },
    };
    const waitedBefore = scope.waitedMs;
    try {
      // A token may take a while: it is waited for here, where no slot is held and no attempt's time runs. Each attempt asks again.
      if (tokens) await untilAbort(tokens.get(), context.signal);
      return await resilience.execute(attempt, async (signal) => {
        try {
          return await action(signal);
        } catch (error) {
          throw asUpstreamError(error);
        }
      });
    } catch (error) {
      throw toToolError(error, upstreamRequest, {
        attempts,
        waitedMs: scope.waitedMs - waitedBefore,
        breaker: resilience.breaker(connector.id, options.connection),
      });
    }
  }

  return withMethods({
    async request<S extends z.ZodType = z.ZodUndefined>(request: HttpRequest<S>, context: Context): Promise<HttpResponse<z.output<S>>> {
      const upstreamRequest = new UpstreamRequest(upstreamScopeOf(context), request);
      const response = await guarded(context, upstreamRequest, async (signal) => {
        const { response, token } = await exchange(upstreamRequest, signal);
        const answer = { status: response.status, headers: response.headers, data: await readAnswer(response) };
        const refusal = refusalOf(upstreamRequest, answer, token);
        learn(upstreamRequest, answer.headers, refusal);
        if (!refusal) {
          upstreamRequest.markAnswered('yes');
          return answer;
        }
        upstreamRequest.markRefused(refusal);
        throw refusal;
      });
      return { ...response, data: parseData(upstreamRequest, response) as z.output<S> };
    },

    async *rows<S extends z.ZodType>(request: HttpRequest<S>, context: Context): AsyncGenerator<z.output<S>> {
      const upstreamRequest = new UpstreamRequest(upstreamScopeOf(context), request);
      const opened = await guarded(context, upstreamRequest, async (signal) => {
        // The attempt ends when the answer begins, and its timeout with it; the stream lives on under the context's signal.
        const stop = new AbortController();
        const giveUp = (): void => stop.abort(signal.reason);
        signal.addEventListener('abort', giveUp, { once: true });
        try {
          const { response, token } = await exchange(upstreamRequest, AbortSignal.any([context.signal, stop.signal]));
          const { status, headers } = response;
          if (status >= 200 && status < 300) {
            learn(upstreamRequest, headers);
            upstreamRequest.markAnswered('yes');
            return response.body;
          }
          const refusal =
            refusalOf(upstreamRequest, { status, headers, data: await readAnswer(response) }, token) ??
            new UpstreamError('UPSTREAM_INVALID', `The vendor answered HTTP ${status} where rows were expected.`, {
              executed: 'yes',
              transient: false,
            });
          learn(upstreamRequest, headers, refusal);
          upstreamRequest.markRefused(refusal);
          throw refusal;
        } finally {
          signal.removeEventListener('abort', giveUp);
        }
      });
      try {
        for await (const row of readLines(opened))
          yield request.response ? parseWith(request.response, row, upstreamRequest) : (row as z.output<S>);
      } catch (error) {
        if (error instanceof UpstreamError) throw new ToolError(error.code, error.message, { cause: error });
        if (!(error instanceof HttpClientError)) throw error;
        throw new ToolError('UPSTREAM_UNAVAILABLE', 'The vendor broke off in the middle of its rows. Ask for a smaller range.', {
          cause: error,
        });
      }
    },
  });
}

/** A refusal whose body breaks off is still that refusal: its status has been read. */
async function readAnswer({ status, body }: IncomingResponse): Promise<unknown> {
  try {
    return await readBody(body);
  } catch (error) {
    if (error instanceof HttpClientError && status >= 300 && status < 500) return undefined;
    throw error;
  }
}

function encodeBody({ body }: HttpRequest<z.ZodType>): [type: string | undefined, body: string | undefined] {
  if (!body) return [undefined, undefined];
  if ('json' in body) return ['application/json', JSON.stringify(body.json)];
  return ['application/x-www-form-urlencoded', formBody(body.form)];
}

/** Gives what an attempt threw the form that resilience reads. Aborts and faults pass as they are. */
function asUpstreamError(error: unknown): unknown {
  if (!(error instanceof HttpClientError)) return error;
  return error.sent === 'no'
    ? new UpstreamError('UPSTREAM_UNAVAILABLE', 'The vendor could not be reached.', { executed: 'no', transient: true, cause: error })
    : new UpstreamError('UPSTREAM_UNAVAILABLE', 'The connection to the vendor broke before its answer came.', {
        executed: 'unknown',
        transient: true,
        cause: error,
      });
}

function toToolError(
  error: unknown,
  upstreamRequest: UpstreamRequest,
  history: { attempts: number; waitedMs: number; breaker: string },
): unknown {
  const { request } = upstreamRequest;
  if (upstreamRequest.hasLostWrite) {
    const why = error instanceof UpstreamError || ToolError.is(error) ? error.message : 'The answer never came.';
    const next = request.ifLost ?? 'Look whether it is there before you repeat it.';
    return new ToolError(
      'OUTCOME_UNKNOWN',
      `${request.method} ${request.path} may or may not have happened. ${why}${told(history)} ${next}`,
      { cause: error },
    );
  }
  if (!(error instanceof UpstreamError)) return error;
  const after = error.retryAfterMs !== undefined && error.transient ? ` Try again in ${seconds(error.retryAfterMs)}.` : '';
  return new ToolError(error.code, `${error.message}${told(history)}${after}`, {
    cause: error,
    retryAfterMs: error.transient ? error.retryAfterMs : undefined,
  });
}

/** What was tried, where that was more than one plain attempt. */
function told({ attempts, waitedMs, breaker }: { attempts: number; waitedMs: number; breaker: string }): string {
  if (attempts <= 1 && waitedMs === 0) return '';
  const waited = waitedMs > 0 ? `, waited ${seconds(waitedMs)}` : '';
  return ` (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${waited}; circuit breaker ${breaker})`;
}

const seconds = (ms: number): string => `${ms < 10_000 ? Math.ceil(ms / 100) / 10 : Math.ceil(ms / 1000)} s`;

function parseData(upstreamRequest: UpstreamRequest, { data }: HttpResponse<unknown>): unknown {
  return upstreamRequest.request.response ? parseWith(upstreamRequest.request.response, data, upstreamRequest) : undefined;
}

function parseWith<S extends z.ZodType>(schema: S, data: unknown, { scope, request }: UpstreamRequest): z.output<S> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const written = wroteOf(scope) === 'yes' ? ' The write itself was made; do not repeat it.' : '';
  throw new ToolError(
    'UPSTREAM_INVALID',
    `The vendor's answer to ${request.method} ${request.path} was not what its API documents.${written}`,
    { cause: parsed.error },
  );
}
