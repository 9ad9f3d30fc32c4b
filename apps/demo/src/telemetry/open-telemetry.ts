import { type Meter, ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { OpenTelemetryApi } from '@revocast/denylist';
import { ScrapedReader } from './scraped-reader.ts';

export interface OpenTelemetry {
  readonly tracer: Tracer;
  readonly meter: Meter;
  /** The same, for what takes the API handed in. */
  readonly api: OpenTelemetryApi;
  /**
   * Everything that was counted, as Prometheus text.
   *
   * @throws the error of a callback that could not observe: a scrape that leaves something out would look complete.
   */
  metrics(): Promise<string>;
}

export interface OpenTelemetryParts {
  /** Where finished spans go; default nowhere, and their `traceparent` still travels with each revocation. */
  readonly spanProcessors?: SpanProcessor[];
}

/** An SDK of one's own, nothing of it global. Spans find their parents once a context manager is set, which only a process may do. */
export function createOpenTelemetry({ spanProcessors = [] }: OpenTelemetryParts = {}): OpenTelemetry {
  const reader = new ScrapedReader();
  const meters = new MeterProvider({ readers: [reader] });
  const tracers = new BasicTracerProvider({ spanProcessors });
  // Neither timestamps nor labels of the SDK's own: a series is what docs/opentelemetry.md says, and nothing else.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    tracer: tracers.getTracer('@revocast/demo'),
    meter: meters.getMeter('@revocast/demo'),
    api: {
      trace: {
        getTracer: (name, version) => tracers.getTracer(name, version),
        setSpanContext: trace.setSpanContext,
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
