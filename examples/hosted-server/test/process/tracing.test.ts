import type { CallEvent } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../src/settings/config.ts';
import { openTracing } from '../../src/process/tracing.ts';
import { startAdminServer } from '../admin/admin-server.ts';
import { parseMessage, post } from '../mcp-requests.ts';
import { startTraceCollector } from './trace-collector.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = '00f067aa0ba902b7';

const event: CallEvent = {
  callId: 'call-1',
  tenant: 'default',
  connector: 'zendesk',
  tool: 'zendesk_get_ticket',
  effect: 'read',
  status: 'executed',
  durationMs: 1,
  keyed: false,
  upstreamRequests: 0,
  startedAt: 1_000,
  attempts: [],
};

/** A log that keeps levels and messages. */
function keptLog() {
  const lines: [string, string][] = [];
  const at = (level: string) => (_: object, message: string) => void lines.push([level, message]);
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

async function open(env: Record<string, string>) {
  const { lines, log } = keptLog();
  const clock = manualClock();
  const tracing = await openTracing(readConfig(env), { version: '1.2.3', replica: 'one', flushTimeoutMs: 1_000, clock, log });
  return { tracing, lines, clock };
}

test('calls that the caller samples have reached the collector when the server has stopped, without secrets or arguments', async () => {
  const collector = await startTraceCollector(stack);
  const serving = stack.use(new AsyncDisposableStack());
  const server = await startAdminServer(serving, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  });
  const args = { subject: 'canary-subject', body: 'It is very-private.' };
  const create = async (flags: string) => {
    const _meta = { traceparent: `00-${traceId}-${spanId}-${flags}` };
    const message = { method: 'tools/call', params: { name: 'zendesk_create_ticket', arguments: args, _meta } };
    return parseMessage((await post(server.url, { authorization: `Bearer ${server.key}` }, message)).body);
  };
  const answers = [await create('00'), await create('01'), { result: await server.createTicket(server.key) }];
  for (const answer of answers) expect(answer).toMatchObject({ result: { structuredContent: { status: 'new' } } });
  await serving.disposeAsync();
  const [attempt, call, ...others] = collector.spans;
  expect(others).toEqual([]);
  const resource = expect.objectContaining({ 'service.name': 'busbar', 'service.version': '0.0.0', 'telemetry.sdk.name': 'opentelemetry' });
  expect(call).toEqual({
    name: 'tools/call zendesk_create_ticket',
    kind: 2,
    traceId,
    spanId: expect.stringMatching(/^[\da-f]{16}$/),
    parentSpanId: spanId,
    statusCode: 0,
    attributes: {
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'zendesk_create_ticket',
      'busbar.call.id': expect.stringMatching(/^[\da-f-]{36}$/),
      'busbar.status': 'executed',
      'busbar.tenant': 'default',
    },
    resource,
  });
  expect(attempt).toMatchObject({
    name: 'POST /api/v2/tickets',
    kind: 3,
    traceId,
    parentSpanId: call?.spanId,
    attributes: { 'http.response.status_code': 201, 'server.address': expect.stringMatching(/\.zendesk\.com$/) },
  });
  expect(collector.raw).not.toMatch(/canary|very-private|hush-hush-hush|Bearer|bb_/);
});

test('the log says when the collector goes down, and when it is back', async () => {
  let status = 400;
  const collector = await startTraceCollector(stack, (response) => void response.writeHead(status).end());
  const { tracing, lines } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  // A full batch is sent at once.
  const batch = () => {
    for (let n = 0; n < 256; n++) tracing?.observer.call?.(event);
  };
  batch();
  await expect.poll(() => lines).toEqual([['warn', 'Traces cannot be sent; spans are lost until the collector is back']]);
  batch();
  await expect.poll(() => collector.spans).toHaveLength(512);
  status = 200;
  tracing?.observer.call?.(event);
  await tracing?.close();
  expect(lines).toEqual([
    ['warn', 'Traces cannot be sent; spans are lost until the collector is back'],
    ['info', 'Traces are sent again'],
  ]);
});

test('a collector that does not answer delays the shutdown by no more than its share of the drain time', async () => {
  const collector = await startTraceCollector(stack, () => {});
  const { tracing, lines, clock } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  tracing?.observer.call?.(event);
  const closed = tracing?.close();
  await collector.requested;
  await clock.advance(1_000);
  await closed;
  expect(lines).toEqual([['warn', 'The last traces could not be sent in time and are lost']]);
});

test.each([
  ['without an endpoint', {}],
  ['with OTEL_TRACES_EXPORTER=none', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_EXPORTER: 'none' }],
])('nothing is traced %s', async (_, env) => {
  expect((await open(env)).tracing).toBeUndefined();
});

test.each([
  ['parentbased_always_on', '0', 1],
  ['parentbased_always_off', '1', 0],
  ['parentbased_traceidratio', '1', 1],
  ['parentbased_traceidratio', '0', 0],
])('%s with %s: a call whose caller does not decide has %i spans', async (sampler, share, expected) => {
  const collector = await startTraceCollector(stack);
  const { tracing } = await open({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: sampler,
    OTEL_TRACES_SAMPLER_ARG: share,
  });
  tracing?.observer.call?.(event);
  await tracing?.close();
  expect(collector.spans).toHaveLength(expected);
});

test.each([
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'http://user:hush@127.0.0.1:4318',
    'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://127.0.0.1:4318, without a password.',
  ],
  [
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'grpc',
    'OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf, the only supported protocol. Collectors accept it on port 4318.',
  ],
  ['OTEL_TRACES_SAMPLER_ARG', '2', 'OTEL_TRACES_SAMPLER_ARG must be at most 1.'],
])('%s=%s is refused', (name, value, problem) => {
  expect(() => readConfig({ [name]: value })).toThrow(expect.objectContaining({ problems: [problem] }));
});
