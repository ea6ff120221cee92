import type { Clock, Logger, Observer } from '@busbar/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Config } from '../settings/config.ts';

/** Traces calls and sends the spans to a collector in batches. */
export interface Tracing {
  readonly observer: Observer;
  /** Sends the remaining spans, and gives up after `flushTimeoutMs`. May be called twice. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** `service.version`. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` set other resource attributes. */
  readonly version: string;
  /** `service.instance.id`. */
  readonly replica: string;
  readonly flushTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

// Half of the SDK's default. With larger batches, most spans survive V8's young generation, and under load the process grows by 70 MB.
const maxExportBatchSize = 256;

/** Opens tracing. Returns undefined, without loading OpenTelemetry's SDK, if the settings name no collector. */
export async function openTracing(
  config: Config,
  { version, replica, flushTimeoutMs, clock, log }: TracingOptions,
): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config;
  if (endpoint === undefined || config.OTEL_TRACES_EXPORTER === 'none') return undefined;
  const [{ openTelemetryObserver }, { OTLPTraceExporter }, { defaultResource, detectResources, envDetector, resourceFromAttributes }, sdk] =
    await Promise.all([
      import('@busbar/core/adapters/opentelemetry'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
    ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'busbar', 'service.version': version, 'service.instance.id': replica }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(sampledShare(config)) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: withOutageLog(exporter, log), maxExportBatchSize })],
  });

  async function close(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = clock.timer(flushTimeoutMs, () => {
      log.warn({ flushTimeoutMs }, 'The last traces could not be sent in time and are lost');
      late.resolve();
    });
    // The exporter logs failures.
    await Promise.race([provider.shutdown().catch(() => {}), late.promise]);
    cancel();
  }
  let closing: Promise<void> | undefined;
  return { observer: openTelemetryObserver(provider.getTracer('@busbar/core', version)), close: () => (closing ??= close()) };
}

/** The share of calls to trace, among calls whose callers do not decide whether to trace them. */
function sampledShare({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: share }: Config): number {
  if (sampler === 'parentbased_traceidratio') return share;
  return sampler === 'parentbased_always_on' ? 1 : 0;
}

/** Logs a line when the collector becomes unreachable, and another when it is back. */
function withOutageLog(exporter: SpanExporter, log: Logger): SpanExporter {
  let down = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== 0 && !down)
          log.warn({ reason: result.error?.message }, 'Traces cannot be sent; spans are lost until the collector is back');
        if (result.code === 0 && down) log.info({}, 'Traces are sent again');
        down = result.code !== 0;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
