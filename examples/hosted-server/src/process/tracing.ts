import type { Clock, Logger, Observer } from '@busbar/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Config } from '../settings/config.ts';

/** Traces calls, and sends the spans to a collector in batches. */
export interface Tracing {
  readonly observer: Observer;
  /** Sends what has not been sent yet, and gives up after `withinMs`. May be called twice. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** What spans say of this process, beside what `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say. */
  readonly version: string;
  readonly replica: string;
  readonly withinMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

// Half of what the SDK would send at once: of more, most spans outlive the young garbage that they are, and under load the process grows by 70 MB.
const maxExportBatchSize = 256;

/** Traces as the settings say. Undefined where they say nowhere, and then OpenTelemetry's SDK is not loaded. */
export async function openTracing(
  config: Config,
  { version, replica, withinMs, clock, log }: TracingOptions,
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
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(shareOf(config)) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: withLog(exporter, log), maxExportBatchSize })],
  });

  async function close(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = clock.timer(withinMs, () => {
      log.warn({ withinMs }, 'The last traces could not be sent in time and are lost');
      late.resolve();
    });
    // Where it fails, the log has it from the exporter.
    await Promise.race([provider.shutdown().catch(() => {}), late.promise]);
    cancel();
  }
  let closing: Promise<void> | undefined;
  return { observer: openTelemetryObserver(provider.getTracer('@busbar/core', version)), close: () => (closing ??= close()) };
}

/** Of the calls whose callers say nothing, which share is traced. */
function shareOf({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: share }: Config): number {
  if (sampler === 'parentbased_traceidratio') return share;
  return sampler === 'parentbased_always_on' ? 1 : 0;
}

/** One line where the collector goes away, and one where it is back. */
function withLog(exporter: SpanExporter, log: Logger): SpanExporter {
  let away = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== 0 && !away)
          log.warn({ reason: result.error?.message }, 'Traces cannot be sent, and those of this time are lost');
        if (result.code === 0 && away) log.info({}, 'Traces are sent again');
        away = result.code !== 0;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
