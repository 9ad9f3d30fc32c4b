import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Environment } from '../environment.ts';

/** Where finished spans go: nowhere, or with `REVOCAST_DEMO_SPANS=console` to stdout. @throws Error for anything else. */
export function readSpanProcessors({ REVOCAST_DEMO_SPANS: value }: Environment): SpanProcessor[] {
  if (value === undefined || value === '') return [];
  if (value === 'console') return [new SimpleSpanProcessor(new ConsoleSpanExporter())];
  throw new Error('REVOCAST_DEMO_SPANS takes console');
}
