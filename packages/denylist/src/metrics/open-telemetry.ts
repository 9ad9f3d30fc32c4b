/** Attributes of spans and counters. */
export type TelemetryAttributes = Readonly<Record<string, string | number | boolean>>;

export interface OpenTelemetrySpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean;
}

export interface OpenTelemetrySpan {
  spanContext(): OpenTelemetrySpanContext;
  setAttributes(attributes: TelemetryAttributes): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(endTime?: EpochTime): void;
}

/** Seconds and nanoseconds since 1970: the only form that no SDK interprets as a monotonic time. */
export type EpochTime = [seconds: number, nanoseconds: number];

export interface OpenTelemetryTracer {
  startSpan(
    name: string,
    options?: { readonly kind?: number; readonly startTime?: EpochTime; readonly attributes?: TelemetryAttributes },
    context?: unknown,
  ): OpenTelemetrySpan;
}

export interface OpenTelemetryCounter {
  add(value: number, attributes?: TelemetryAttributes): void;
}

/**
 * The part of `@opentelemetry/api` 1.9 that is used: pass `import * as api from '@opentelemetry/api'`. It is typed by
 * shape, so that the package is not needed without tracing.
 */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string, version?: string): OpenTelemetryTracer;
    setSpanContext(context: unknown, spanContext: OpenTelemetrySpanContext): unknown;
  };
  readonly metrics: {
    getMeter(
      name: string,
      version?: string,
    ): {
      createCounter(
        name: string,
        options?: { readonly description?: string; readonly unit?: string },
      ): OpenTelemetryCounter;
    };
  };
  readonly ROOT_CONTEXT: unknown;
}

/** The numbers of the API's enumerations, which are part of its specification. */
export const spanKinds = { internal: 0, producer: 3, consumer: 4 } as const;
export const errorStatus = { code: 2 } as const;

export function epochTime(ms: number): EpochTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6))];
}

/** W3C Trace Context §3.2; undefined when there is no trace. */
export function formatTraceparent({ traceId, spanId, traceFlags }: OpenTelemetrySpanContext): string | undefined {
  const text = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
  return parseTraceparent(text) === undefined ? undefined : text;
}

/**
 * Reads the trace context of a revocation. It only links spans, so it is not trusted for anything else.
 *
 * @returns undefined when the text is no trace context.
 */
export function parseTraceparent(text: string): OpenTelemetrySpanContext | undefined {
  // W3C Trace Context §3.2.2: version 00; ids of zeros are invalid.
  const match = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text);
  if (match === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
