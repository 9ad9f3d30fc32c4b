import type { Clock } from '../clock.ts';
import type { OpenTelemetryApi } from '../metrics/open-telemetry.ts';
import { checkWholeNumber } from '../option-bounds.ts';
import { openSource } from '../sources/open-source.ts';
import type { TransportOptions } from '../sources/source.ts';
import { randomHex, systemClock } from '../system-clock.ts';
import type { PublisherObserver } from './log-writer.ts';
import { createPublisherOver, type Publisher } from './publisher.ts';
import { traceRevocations } from './trace-revocations.ts';

export interface CreatePublisherOptions extends TransportOptions {
  /** File whose first line is the bearer token of a sidecar's write endpoint; read again for every request. */
  readonly tokenFile?: string;
  readonly observer?: PublisherObserver;
  /** `import * as api from '@opentelemetry/api'`: traces each revocation until it is enforced. Default none. */
  readonly openTelemetry?: OpenTelemetryApi;
  /**
   * Revocations of a whole client, tenant, key or issuer that the log takes within a minute: 1–4294967295, default 60;
   * the next one throws LogError `too_many_broad_rules`. The log counts those of all publishers together. `Infinity` for
   * a job that revokes many on purpose: it is never refused, and its revocations do not count against the others.
   */
  readonly broadRulesPerMinute?: number;
  /** For tests that step time. */
  readonly clock?: Clock;
}

/**
 * A publisher for `redis:`, `rediss:` (needs ioredis), `http:`, `https:`, `unix:` (a sidecar), `file:` (one node, one
 * process) or `memory:` (tests and development; lost when the process ends). Nothing is connected before the first
 * revocation, so an unreachable log is not an error here. docs/redis.md has the URLs of Sentinel, Cluster and TLS.
 *
 * A `redis:` log needs a process that writes heartbeats, or readers cannot tell a quiet log from a dead one: run a
 * sidecar.
 *
 * @throws ConfigurationError
 */
export async function createPublisher(url: string, options: CreatePublisherOptions = {}): Promise<Publisher> {
  const { clock = systemClock, observer, openTelemetry, broadRulesPerMinute } = options;
  const { tokenFile, dangerouslyAllowHttp } = options;
  if (broadRulesPerMinute !== undefined) {
    const bounds = { least: 1, most: 0xffff_ffff, unit: 'revocations', orInfinity: true };
    checkWholeNumber('broadRulesPerMinute', broadRulesPerMinute, bounds);
  }
  const source = await openSource(url, { clock, tokenFile, dangerouslyAllowHttp });
  const publisher = createPublisherOver({
    log: source.log,
    feed: source.feed,
    clock,
    newId: () => randomHex(16),
    broadRulesPerMinute,
    observer,
    trace: openTelemetry && traceRevocations(openTelemetry),
  });
  return { ...publisher, close: () => source.close() };
}
