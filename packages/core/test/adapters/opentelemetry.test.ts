import { context, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  StackContextManager,
  TracerProvider,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTelemetryObserver } from '../../src/adapters/opentelemetry.ts';
import type { CallEvent } from '../../src/ports/observer.ts';
import { createUpstreamScope, keepAttempt } from '../../src/upstream/upstream-scope.ts';
import { codeOf, useAcme, type Acme } from '../support/acme.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${spanId}-01`;

let acme: Acme;
const createHost = useAcme((started) => (acme = started));

const event: CallEvent = {
  callId: 'call-1',
  tenant: 'local',
  connector: 'acme',
  tool: 'acme_get_item',
  effect: 'read',
  status: 'executed',
  durationMs: 1,
  keyed: false,
  upstreamRequests: 0,
  startedAt: 1_000,
  attempts: [],
};

/** Keeps finished spans in memory. The spans of attempts end before the span of their call. */
function tracing() {
  const exporter = new InMemorySpanExporter();
  const sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() });
  const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const only = (): ReadableSpan => {
    const [span, another] = exporter.getFinishedSpans();
    if (!span || another) throw new Error(`There are ${exporter.getFinishedSpans().length} spans`);
    return span;
  };
  return { provider, exporter, only };
}

/** A host whose calls are traced. */
function traced() {
  const { provider, exporter, only } = tracing();
  const { call } = createHost({ observer: openTelemetryObserver(provider.getTracer('test')) });
  return { call, exporter, only };
}

const attemptAttributes = {
  'http.request.method': 'GET',
  'url.template': '/items/{id}',
  'server.address': 'api.acme.example',
  'server.port': 443,
  'busbar.connector': 'acme',
};

test('a call keeps its first hundred attempts for its observers', () => {
  const scope = createUpstreamScope(false, 'user', 0);
  for (let attempt = 1; attempt <= 101; attempt++) keepAttempt(scope, { operation: 'GET /', attempt, startedAt: 0, durationMs: 1 });
  expect(scope.attempts?.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

describe('openTelemetryObserver', () => {
  test('records a call below the caller’s span, and the attempt below the call, without ids or arguments', async () => {
    const { call, exporter } = traced();
    const before = Date.now();
    await call('acme_get_item', { id: 'canary-argument' }, { traceparent });
    const [attempt, server, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(server).toMatchObject({
      name: 'tools/call acme_get_item',
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      parentSpanContext: { traceId, spanId, isRemote: true },
    });
    expect(server?.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'acme_get_item',
      'busbar.call.id': expect.stringMatching(/^[\da-f-]{36}$/),
      'busbar.status': 'executed',
      'busbar.tenant': 'local',
    });
    expect(attempt).toMatchObject({
      name: 'GET /items/{id}',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      parentSpanContext: server?.spanContext(),
    });
    expect(attempt?.attributes).toEqual({ ...attemptAttributes, 'http.response.status_code': 200 });
    const times = [server?.startTime, attempt?.startTime, attempt?.endTime, server?.endTime].map(([s, ns] = [0, 0]) => s * 1e3 + ns / 1e6);
    const inOrder = [before, ...times, Date.now()];
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    expect(JSON.stringify([attempt?.attributes, server?.attributes])).not.toContain('canary');
  });

  test('records the number, the answer and the code of each attempt', async () => {
    const { call, exporter } = traced();
    acme.misbehave({ kind: 'status', status: 503, times: 1 });
    acme.misbehave({ kind: 'reset', times: 1 });
    await call('acme_get_item', { id: '1' });
    const spans = exporter.getFinishedSpans();
    const unavailable = { 'busbar.error.code': 'UPSTREAM_UNAVAILABLE' };
    expect(spans.map(({ kind, status, attributes }) => ({ kind, status: status.code, attributes }))).toEqual([
      {
        kind: SpanKind.CLIENT,
        status: SpanStatusCode.ERROR,
        attributes: { ...attemptAttributes, ...unavailable, 'http.response.status_code': 503, 'error.type': '503' },
      },
      {
        kind: SpanKind.CLIENT,
        status: SpanStatusCode.ERROR,
        attributes: { ...attemptAttributes, ...unavailable, 'http.request.resend_count': 1, 'error.type': 'UPSTREAM_UNAVAILABLE' },
      },
      {
        kind: SpanKind.CLIENT,
        status: SpanStatusCode.UNSET,
        attributes: { ...attemptAttributes, 'http.request.resend_count': 2, 'http.response.status_code': 200 },
      },
      { kind: SpanKind.SERVER, status: SpanStatusCode.UNSET, attributes: expect.objectContaining({ 'busbar.status': 'executed' }) },
    ]);
  });

  test('marks a call that the vendor refused as an error of the tool, without the message', async () => {
    const { call, exporter } = traced();
    await call('acme_create_item', { name: 'forbidden' });
    const [attempt, server] = exporter.getFinishedSpans();
    expect(attempt?.attributes).toMatchObject({ 'http.response.status_code': 422, 'error.type': '422' });
    expect(server?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(server?.attributes).toMatchObject({
      'busbar.status': 'failed',
      'error.type': 'tool_error',
      'busbar.error.code': 'UPSTREAM_REJECTED',
    });
    expect(server?.events).toEqual([]);
  });

  test('records a call that was refused before it ran', async () => {
    const { call, only } = traced();
    await call('acme_get_item', { id: 7 });
    expect(only().status).toEqual({ code: SpanStatusCode.ERROR });
    expect(only().attributes).toMatchObject({
      'busbar.status': 'refused',
      'error.type': 'tool_error',
      'busbar.error.code': 'INVALID_INPUT',
    });
  });

  test('records no attempt below a call that the cache answers', async () => {
    const { call, exporter, only } = traced();
    await call('acme_get_kept_item', { id: '1' });
    exporter.reset();
    await call('acme_get_kept_item', { id: '1' });
    expect(only()).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'busbar.status': 'cached' } });
  });

  test('records no address for an attempt that a guard stopped', async () => {
    const { call, exporter } = traced();
    acme.misbehave({ kind: 'status', status: 503, times: 1 });
    await call('acme_list_limited', { limit: 'hourly' });
    const [sent, stopped] = exporter.getFinishedSpans();
    expect(sent?.attributes).toMatchObject({ 'server.address': 'api.acme.example', 'http.response.status_code': 503 });
    expect(stopped?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.template': '/limited',
      'http.request.resend_count': 1,
      'busbar.connector': 'acme',
      'busbar.error.code': 'RATE_LIMITED',
      'error.type': 'RATE_LIMITED',
    });
  });

  test.each([
    ['absent', undefined],
    ['of a version that does not exist', traceparent.replace('00', 'ff')],
    ['in capitals', traceparent.toUpperCase()],
    ['all zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['not a traceparent', 'canary'],
  ])('begins a new trace if the caller’s traceparent is %s', async (_, traceparent) => {
    const { call, only } = traced();
    await call('acme_get_item', { id: 7 }, traceparent === undefined ? {} : { traceparent });
    expect(only().parentSpanContext).toBeUndefined();
    expect(only().spanContext().traceId).not.toBe(traceId);
  });

  test('leaves out calls that the caller does not sample, and their attempts', async () => {
    const { call, exporter } = traced();
    await call('acme_get_item', { id: '1' }, { traceparent: `00-${traceId}-${spanId}-00` });
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test('does not affect a call if the tracer throws', async () => {
    const tracer = {
      startSpan() {
        throw new Error('no span today');
      },
    } as unknown as Tracer;
    const { call } = createHost({ observer: openTelemetryObserver(tracer) });
    const answer = await call('acme_get_item', { id: '1' });
    expect([codeOf(answer), answer.structuredContent]).toEqual([undefined, { id: '1' }]);
  });

  test('uses the tracer of the global provider, even if the provider is registered later', async () => {
    const observer = openTelemetryObserver();
    observer.call?.(event);
    const { provider, only } = tracing();
    trace.setGlobalTracerProvider(provider);
    onTestFinished(() => trace.disable());
    observer.call?.(event);
    expect(only()).toMatchObject({ name: 'tools/call acme_get_item', startTime: [1, 0], endTime: [1, 1_000_000] });
  });

  test.each([
    ['is linked to the span that is active in the process', traceparent],
    ['is below the span that is active in the process, if the caller gave none', undefined],
  ])('%s', (_, traceparent) => {
    context.setGlobalContextManager(new StackContextManager().enable());
    onTestFinished(() => context.disable());
    const { provider, only } = tracing();
    const tracer = provider.getTracer('test');
    const active = tracer.startSpan('POST');
    context.with(trace.setSpan(context.active(), active), () => openTelemetryObserver(tracer).call?.({ ...event, traceparent }));
    const { parentSpanContext, links } = only();
    const here = active.spanContext();
    expect([parentSpanContext?.spanId, links.map((link) => link.context)]).toEqual(traceparent ? [spanId, [here]] : [here.spanId, []]);
  });
});
