import type { Context } from '../connector/context.ts';
import { untilAbort } from '../lib/until-abort.ts';
import { HttpClientError } from '../ports/http-client.ts';
import { UpstreamError, type Attempt, type ResilienceEvent } from '../ports/resilience.ts';
import type { HttpOptions } from './http-options.ts';
import { limitOf } from './observe-limits.ts';
import { toToolError } from './to-tool-error.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import { countWait } from './upstream-scope.ts';

/** Runs `action` for each attempt that `Resilience` allows. If none succeeds, throws the error that the tool may see. */
export async function guardRequest<R>(
  options: HttpOptions,
  upstreamRequest: UpstreamRequest,
  context: Context,
  action: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const { connector, connection, tokens, resilience } = options;
  const { scope } = upstreamRequest;
  await scope.gate?.pass();
  const attempt = attemptOf(options, upstreamRequest, context);
  const waitedBefore = scope.waitedMs;
  try {
    // Getting a token may take a while. A wait here holds no slot and does not count as an attempt's time. Each attempt gets the token
    // again.
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
      waitedMs: scope.waitedMs - waitedBefore,
      breaker: resilience.breaker(connector.id, connection),
    });
  }
}

function attemptOf(options: HttpOptions, upstreamRequest: UpstreamRequest, context: Context): Attempt {
  const { request, scope, operation } = upstreamRequest;
  return {
    connector: options.connector.id,
    connection: options.connection,
    operation,
    retry: upstreamRequest.retry,
    signal: context.signal,
    deadlineAt: context.deadlineAt,
    limit: limitOf(options, request),
    user: scope.user,
    onEvent: (event) => reportEvent(options, upstreamRequest, context, event),
  };
}

/** Reports an event to the call's own count, to the observer and to the log. */
function reportEvent(options: HttpOptions, upstreamRequest: UpstreamRequest, context: Context, event: ResilienceEvent): void {
  const { connector, connection, resilience, clock, observer } = options;
  const { scope, operation } = upstreamRequest;
  countWait(scope, event);
  if (event.kind === 'attempt') upstreamRequest.markAttemptEnded(event, observer.call ? scope.aheadMs + clock.elapsed() : undefined);
  const where = { connector: connector.id, connection, operation, durationMs: event.ms };
  observer.upstream?.(
    event.kind === 'attempt' ? { kind: event.kind, ...where, code: event.code } : { kind: event.kind, ...where, reason: event.reason },
  );
  const fields = { operation, ...event, breaker: resilience.breaker(connector.id, connection) };
  if (event.kind === 'attempt' && event.code === undefined) context.log.debug(fields, 'upstream attempt');
  else context.log.warn(fields, `upstream ${event.kind}`);
}

/** Turns an error of the HTTP client into the error that the resilience expects. Returns aborts and faults unchanged. */
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
