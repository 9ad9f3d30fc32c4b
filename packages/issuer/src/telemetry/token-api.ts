import type { OpenTelemetryApi } from '@revocast/denylist';
import type { TelemetryAttributes } from '@revocast/denylist/replica';

export interface TokenSpan {
  updateName(name: string): unknown;
  setAttributes(attributes: TelemetryAttributes): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}

export interface TokenCounter {
  add(value: number, attributes?: TelemetryAttributes): void;
}

interface ObservableResult {
  observe(value: number, attributes?: TelemetryAttributes): void;
}

type Tracer = ReturnType<OpenTelemetryApi['trace']['getTracer']>;
type Meter = ReturnType<OpenTelemetryApi['metrics']['getMeter']>;

interface TokenTracer extends Tracer {
  startActiveSpan<Result>(name: string, run: (span: TokenSpan) => Result): Result;
}

interface TokenMeter extends Meter {
  createHistogram(
    name: string,
    options?: {
      readonly description?: string;
      readonly unit?: string;
      readonly advice?: { explicitBucketBoundaries?: number[] };
    },
  ): { record(value: number, attributes?: TelemetryAttributes): void };
  createObservableGauge(
    name: string,
    options?: { readonly description?: string },
  ): { addCallback(callback: (result: ObservableResult) => void | Promise<void>): void };
}

/** The part of `@opentelemetry/api` 1.9 that is used. Typed by shape, so that the package is not needed without tracing. */
export interface TokenTelemetryApi extends Omit<OpenTelemetryApi, 'trace' | 'metrics'> {
  readonly trace: {
    getTracer(name: string, version?: string): TokenTracer;
    setSpanContext: OpenTelemetryApi['trace']['setSpanContext'];
    readonly getActiveSpan?:
      | (() => { addEvent(name: string, attributes?: TelemetryAttributes): unknown } | undefined)
      | undefined;
  };
  readonly metrics: { getMeter(name: string, version?: string): TokenMeter };
}
