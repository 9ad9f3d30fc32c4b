import type { Clock } from '../../clock.ts';
import { encodeUsageReport } from '../../codec/usage-report.ts';
import { FeedError } from '../../log/feed.ts';
import type { UsageStore } from '../../log/usage.ts';
import type { HttpSource } from '../../sources/source.ts';
import { paths } from '../wire/wire.ts';
import { post } from './client.ts';

export interface HttpUsageOptions {
  readonly clock: Clock;
  readonly tokenFile?: string;
}

/** Milliseconds for one report, connection included. */
const usageTimeoutMs = 5000;

/** A sidecar as the place where usage is counted: it, or the one above it, keeps the figures. */
export function createHttpUsage(source: HttpSource, { clock, tokenFile }: HttpUsageOptions): UsageStore {
  const closed = new AbortController();
  return {
    async add(report) {
      const ended = new AbortController();
      void clock.sleep(usageTimeoutMs, ended.signal).then(() => ended.abort());
      const client = {
        source,
        signal: AbortSignal.any([closed.signal, ended.signal]),
        tokenFile,
        // A report is sent before the process ends.
        keepAlive: true,
      };
      try {
        const response = await post(client, paths.usage, encodeUsageReport(report));
        response.resume();
        const { statusCode = 0 } = response;
        if (statusCode === 204) return;
        // A sidecar over an embedded log counts nothing, and one of an earlier version does not know the path.
        const code = statusCode >= 500 || statusCode === 429 ? 'unreachable' : 'refused';
        throw new FeedError(code, `${source.name} answered ${statusCode} to a usage report`);
      } finally {
        ended.abort();
      }
    },
    close: () => closed.abort(),
  };
}
