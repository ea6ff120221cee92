// busbar-everything.ts with a span for each call, sent in batches by OpenTelemetry's SDK, as in examples/hosted-server.

// Why it is imported first: docs/decisions/0012-v8-and-memory.md
import '@busbar/core/mcp/http';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openTelemetryObserver } from '@busbar/core/adapters/opentelemetry';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { tracing } from './busbar-tracing.ts';

const receiver = fork(join(import.meta.dirname, 'trace-receiver.js'), { execArgv: [] });
const [port] = (await once(receiver, 'message')) as [number];
receiver.unref();
const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` });
const provider = new TracerProvider({
  sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  spanProcessors: [new BatchSpanProcessor({ exporter, maxExportBatchSize: 256 })],
});
tracing.push(openTelemetryObserver(provider.getTracer('bench')));
await import('./busbar-everything.ts');
