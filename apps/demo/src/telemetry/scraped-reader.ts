import { MetricReader } from '@opentelemetry/sdk-metrics';

/** Collects metrics on each scrape, without periodic export. */
export class ScrapedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
