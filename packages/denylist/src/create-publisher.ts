import type { Clock } from './clock.ts';
import { openSource } from './open-source.ts';
import type { OpenTelemetryApi } from './open-telemetry.ts';
import { createPublisherOver, type Publisher, type PublisherObserver } from './publisher.ts';
import { randomHex, systemClock, systemRandom } from './system-clock.ts';
import { traceRevocations } from './trace-revocations.ts';

export interface CreatePublisherOptions {
  /** File whose first line is the bearer token of a sidecar's write endpoint; re-read at every request. */
  readonly tokenFile?: string;
  readonly observer?: PublisherObserver;
  /** `import * as api from '@opentelemetry/api'`: traces each revocation to where it is enforced. Default none. */
  readonly openTelemetry?: OpenTelemetryApi;
  /** For tests that step time. */
  readonly clock?: Clock;
}

/**
 * A publisher for `redis:`, `rediss:` (needs ioredis), `http:`, `https:`, `unix:` (a sidecar) or `memory:` (tests and
 * development; gone with the process). Nothing is connected before the first revocation, and nothing has to be reachable.
 *
 * With `redis:` somebody must write heartbeats, or readers cannot tell a quiet log from a dead one: run a sidecar.
 *
 * @throws ConfigurationError
 */
export async function createPublisher(url: string, options: CreatePublisherOptions = {}): Promise<Publisher> {
  const clock = options.clock ?? systemClock;
  const { tokenFile, observer, openTelemetry } = options;
  const source = await openSource(url, {
    clock,
    random: systemRandom,
    newEpoch: () => randomHex(8),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  });
  const publisher = createPublisherOver({
    log: source.log,
    feed: source.feed,
    clock,
    newId: () => randomHex(16),
    ...(observer === undefined ? {} : { observer }),
    ...(openTelemetry === undefined ? {} : { trace: traceRevocations(openTelemetry) }),
  });
  return { ...publisher, close: () => source.close() };
}
