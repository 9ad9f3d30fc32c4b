import type { Clock } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { disposable } from '../disposable.ts';
import { checkExpectLog } from '../log/expect-log.ts';
import type { OpenTelemetryApi } from '../metrics/open-telemetry.ts';
import { checkWholeNumber } from '../option-bounds.ts';
import { openSource } from '../sources/open-source.ts';
import type { TransportOptions } from '../sources/source.ts';
import { randomHex, systemClock } from '../system-clock.ts';
import { checkOptions } from './check-options.ts';
import { defaultIssuerSpreadSeconds, IssuerClock } from './issuer-clock.ts';
import type { PublisherObserver, WarningCode } from './log-writer.ts';
import { createPublisherOver, type Publisher } from './publisher.ts';
import { traceRevocations } from './trace-revocations.ts';
import { unexpected } from './unexpected.ts';

export interface CreatePublisherOptions extends TransportOptions {
  /** File whose first line is the bearer token of a sidecar's write endpoint; read again for every request. */
  readonly tokenFile?: string | undefined;
  /** Default: an unsafe eviction policy of Redis is a warning of the process. */
  readonly observer?: PublisherObserver | undefined;
  /** `import * as api from '@opentelemetry/api'`: traces each revocation until it is enforced. Default none. */
  readonly openTelemetry?: OpenTelemetryApi | undefined;
  /**
   * Revocations of a whole client, tenant, key or issuer that the log takes within a minute: 1–4294967295, default 60;
   * the next one throws LogError `too_many_broad_rules`. The log counts those of all publishers together. `Infinity` for
   * a job that revokes many on purpose: it is never refused, and its revocations do not count against the others.
   */
  readonly broadRulesPerMinute?: number | undefined;
  /**
   * `'issuer'`: this process stamps the `iat` of the tokens that it revokes, so a cutoff of now is at its own second +
   * `issuerSpreadSeconds`, and not at the log's now + the log's skew. A login after that works, however wrong the clock is; one
   * that is more than 60 s ahead of the log's fails with LogError `clock_disagreement`. A `Clock` is for tests that step time.
   */
  readonly clock?: 'issuer' | Clock | undefined;
  /**
   * The identity of the log, 16 hex digits (`revocast_log_info` of a sidecar): a revocation that would reach another log fails with
   * LogError `wrong_log` and is not in force. Default: any log.
   */
  readonly expectLog?: string | undefined;
  /**
   * With `clock: 'issuer'`, the seconds by which the clocks of the issuer's nodes may differ: 0–60, default 1. 0 for an issuer
   * of one node: then a login in the next second works.
   */
  readonly issuerSpreadSeconds?: number | undefined;
}

const optionNames: readonly string[] = [
  'tokenFile',
  'dangerouslyAllowHttp',
  'observer',
  'openTelemetry',
  'broadRulesPerMinute',
  'clock',
  'expectLog',
  'issuerSpreadSeconds',
] satisfies (keyof CreatePublisherOptions)[];

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
  checkOptions('createPublisher', options, optionNames);
  const { observer, openTelemetry, broadRulesPerMinute, issuerSpreadSeconds = defaultIssuerSpreadSeconds } = options;
  const stampsTokens = options.clock === 'issuer';
  const clock = options.clock === 'issuer' || options.clock === undefined ? systemClock : options.clock;
  if (typeof clock !== 'object' || clock === null) {
    throw unexpected('clock', "'issuer', or nothing", clock);
  }
  const { tokenFile, dangerouslyAllowHttp } = options;
  if (broadRulesPerMinute !== undefined) {
    const bounds = { least: 1, most: 0xffff_ffff, unit: 'revocations', orInfinity: true };
    checkWholeNumber('broadRulesPerMinute', broadRulesPerMinute, bounds);
  }
  checkWholeNumber('issuerSpreadSeconds', issuerSpreadSeconds, { least: 0, most: 60, unit: 's' });
  if (options.issuerSpreadSeconds !== undefined && !stampsTokens) {
    throw new ConfigurationError('issuerSpreadSeconds', "expected none without clock: 'issuer', found a number");
  }
  const expectLog = checkExpectLog(options.expectLog);
  const source = await openSource(url, { clock, tokenFile, dangerouslyAllowHttp });
  const publisher = createPublisherOver({
    log: source.log,
    feed: source.feed,
    clock,
    newId: () => randomHex(16),
    broadRulesPerMinute,
    expectLog,
    observer,
    warn: (warning, code) => (observer?.warned === undefined ? warnProcess(warning, code) : observer.warned(warning)),
    issuerClock: stampsTokens ? new IssuerClock(clock, issuerSpreadSeconds) : undefined,
    trace: openTelemetry && traceRevocations(openTelemetry),
  });
  return disposable({ ...publisher, close: () => source.close() });
}

function warnProcess(warning: string, code: WarningCode): void {
  process.emitWarning(warning, { type: 'RevocastWarning', code });
}
