import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type HrTime,
  type Link,
  type Tracer,
} from '@opentelemetry/api';
import type { CallEvent, Observer, UpstreamAttempt } from '../ports/observer.ts';

const failed = { code: SpanStatusCode.ERROR };

/**
 * Creates an {@link Observer} that records a SERVER span for each tool call, with the name and attributes that OpenTelemetry's conventions
 * for MCP define. Its parent is the span in the caller's `traceparent`. Each attempt to reach a vendor becomes a CLIENT span below it. No
 * span contains arguments, answers, URLs or headers.
 *
 * The observer creates the spans when the call has ended, with the call's times, so no span is active while a call runs:
 * docs/decisions/0014-spans-from-finished-calls.md
 *
 * @param tracer Default: the tracer of the global provider.
 */
export function openTelemetryObserver(tracer: Tracer = trace.getTracer('@busbar/core')): Observer {
  function traceAttempt(attempt: UpstreamAttempt, connector: string, parent: Context): void {
    const { operation, startedAt, durationMs, code } = attempt;
    const attributes = attributesOfAttempt(attempt, connector);
    const span = tracer.startSpan(operation, { kind: SpanKind.CLIENT, startTime: hrTime(startedAt), attributes }, parent);
    if (code !== undefined) span.setStatus(failed);
    span.end(hrTime(startedAt + durationMs));
  }

  return {
    call(event) {
      const { tool, connector, code, startedAt, durationMs, attempts } = event;
      const [parent, links] = parentOf(event.traceparent);
      const attributes = attributesOfCall(event);
      const span = tracer.startSpan(
        `tools/call ${tool}`,
        { kind: SpanKind.SERVER, startTime: hrTime(startedAt), attributes, links },
        parent,
      );
      if (attempts.length > 0 && span.isRecording()) {
        const below = trace.setSpan(parent, span);
        for (const attempt of attempts) traceAttempt(attempt, connector, below);
      }
      if (code !== undefined) span.setStatus(failed);
      span.end(hrTime(startedAt + durationMs));
    },
  };
}

/**
 * Converts milliseconds since the epoch to a pair of seconds and nanoseconds. The SDK treats a small number as a time since the start of
 * the process, and compares numbers with its own clock.
 */
const hrTime = (ms: number): HrTime => [Math.trunc(ms / 1_000), Math.round((ms % 1_000) * 1e6)];

/** Returns the caller's span, with a link to the active span. If the caller sent no span, returns the active span. */
function parentOf(traceparent: string | undefined): [parent: Context, links: Link[]] {
  const ambient = context.active();
  const remote = traceparent === undefined ? null : /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/.exec(traceparent);
  const [, traceId, spanId, flags] = remote ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return [ambient, []];
  const parent = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true });
  const active = trace.getSpanContext(ambient);
  return [parent, active ? [{ context: active }] : []];
}

function attributesOfCall({ tool, tenant, callId, status, code }: CallEvent): Attributes {
  const attributes: Attributes = {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
    'busbar.call.id': callId,
    'busbar.status': status,
    'busbar.tenant': tenant,
  };
  if (code === undefined) return attributes;
  // The conventions give every result with `isError` this type. Our own attribute has the code.
  attributes['error.type'] = 'tool_error';
  attributes['busbar.error.code'] = code;
  return attributes;
}

/** Returns the attributes that the conventions for HTTP clients define, except `url.full`, which contains arguments. */
function attributesOfAttempt({ operation, attempt, code, sent }: UpstreamAttempt, connector: string): Attributes {
  const gap = operation.indexOf(' ');
  const attributes: Attributes = {
    'http.request.method': operation.slice(0, gap),
    'url.template': operation.slice(gap + 1),
    'busbar.connector': connector,
  };
  if (attempt > 1) attributes['http.request.resend_count'] = attempt - 1;
  if (sent) {
    const { protocol, hostname, port } = new URL(sent.origin);
    attributes['server.address'] = hostname;
    attributes['server.port'] = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
    if (sent.status !== undefined) attributes['http.response.status_code'] = sent.status;
  }
  if (code === undefined) return attributes;
  attributes['error.type'] = sent?.status !== undefined && sent.status >= 400 ? String(sent.status) : code;
  attributes['busbar.error.code'] = code;
  return attributes;
}
