import type { Clock } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import type { OpenTelemetryApi } from '../metrics/open-telemetry.ts';
import { openSource } from '../sources/open-source.ts';
import { randomHex, systemClock, systemRandom } from '../system-clock.ts';
import { createPublisherOver, type Publisher, type PublisherObserver } from './publisher.ts';
import { traceRevocations } from './trace-revocations.ts';

export interface CreatePublisherOptions {
  /** File whose first line is the bearer token of a sidecar's write endpoint; re-read at every request. */
  readonly tokenFile?: string;
  readonly observer?: PublisherObserver;
  /** `import * as api from '@opentelemetry/api'`: traces each revocation to where it is enforced. Default none. */
  readonly openTelemetry?: OpenTelemetryApi;
  /**
   * Revocations of a whole client, tenant, key or issuer that the log takes within a minute, 1 or more, default 60; the
   * next one throws LogError `too_many_broad_rules`. The log counts those of all publishers together. `Infinity` for a
   * job that means it: it is not held up, and does not hold up the others.
   */
  readonly broadRulesPerMinute?: number;
  /** For tests that step time. */
  readonly clock?: Clock;
}

/**
 * A publisher for `redis:`, `rediss:` (needs ioredis), `http:`, `https:`, `unix:` (a sidecar), `file:` (one node, one
 * process) or `memory:` (tests and development; gone with the process). Nothing is connected before the first revocation,
 * and nothing has to be reachable. docs/redis.md has the URLs of Sentinel, Cluster and TLS.
 *
 * With `redis:` somebody must write heartbeats, or readers cannot tell a quiet log from a dead one: run a sidecar.
 *
 * @throws ConfigurationError
 */
export async function createPublisher(url: string, options: CreatePublisherOptions = {}): Promise<Publisher> {
  const clock = options.clock ?? systemClock;
  const { tokenFile, observer, openTelemetry, broadRulesPerMinute } = options;
  if (broadRulesPerMinute !== undefined && !isLimit(broadRulesPerMinute)) {
    throw new ConfigurationError('broadRulesPerMinute', 'expected a whole number from 1 to 4294967295, or Infinity');
  }
  const source = await openSource(url, {
    clock,
    random: systemRandom,
    newEpoch: () => randomHex(8),
    tokenFile,
  });
  const publisher = createPublisherOver({
    log: source.log,
    feed: source.feed,
    clock,
    newId: () => randomHex(16),
    broadRulesPerMinute,
    observer,
    ...(openTelemetry === undefined ? {} : { trace: traceRevocations(openTelemetry) }),
  });
  return { ...publisher, close: () => source.close() };
}

function isLimit(count: number): boolean {
  return count === Number.POSITIVE_INFINITY || (Number.isInteger(count) && count >= 1 && count <= 0xffff_ffff);
}
