import { type Meter, ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { TokenTelemetryApi } from '@revocast/issuer';
import { ScrapedReader } from './scraped-reader.ts';

export interface OpenTelemetry {
  readonly tracer: Tracer;
  readonly meter: Meter;
  /** The same, for libraries that take the API as an argument. */
  readonly api: TokenTelemetryApi;
  /**
   * All metrics in the Prometheus text format.
   *
   * @throws the error of a failed callback, because a scrape with a missing metric would look complete.
   */
  metrics(): Promise<string>;
}

export interface OpenTelemetryParts {
  /** Export finished spans. Default: none. Revocations carry their `traceparent` in both cases. */
  readonly spanProcessors?: SpanProcessor[];
}

/** Creates an SDK without global state. For parents of spans, the process must also set a context manager. */
export function createOpenTelemetry({ spanProcessors = [] }: OpenTelemetryParts = {}): OpenTelemetry {
  const reader = new ScrapedReader();
  const meters = new MeterProvider({ readers: [reader] });
  const tracers = new BasicTracerProvider({ spanProcessors });
  // Without timestamps and labels of the SDK, so that series are those of docs/opentelemetry.md.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    tracer: tracers.getTracer('@revocast/demo'),
    meter: meters.getMeter('@revocast/demo'),
    api: {
      trace: {
        getTracer: (name, version) => tracers.getTracer(name, version),
        setSpanContext: trace.setSpanContext,
        getActiveSpan: trace.getActiveSpan,
      },
      metrics: { getMeter: (name, version) => meters.getMeter(name, version) },
      ROOT_CONTEXT,
    },
    async metrics() {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw errors[0];
      return serializer.serialize(resourceMetrics);
    },
  };
}
