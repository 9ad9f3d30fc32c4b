import { MetricReader } from '@opentelemetry/sdk-metrics';

/** Reads at each scrape, and sends nothing by itself. */
export class ScrapedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
