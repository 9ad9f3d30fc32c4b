import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Environment } from '../environment.ts';

/** With `REVOCAST_DEMO_SPANS=console`, spans are printed to stdout. Default: none. @throws Error for another value. */
export function readSpanProcessors({ REVOCAST_DEMO_SPANS: value }: Environment): SpanProcessor[] {
  if (value === undefined || value === '') return [];
  if (value === 'console') return [new SimpleSpanProcessor(new ConsoleSpanExporter())];
  throw new Error(`REVOCAST_DEMO_SPANS must be console or empty; found ${value}`);
}
