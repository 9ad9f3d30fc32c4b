import { MetricReader } from '@opentelemetry/sdk-metrics';

/** Reads when somebody scrapes, and sends nothing anywhere by itself. */
export class ScrapedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
