import type { Clock } from '../clock.ts';
import type { IssuerTrust } from '../log/enforcement.ts';
import { type Feed, logTimeSample } from '../log/feed.ts';
import { type Appended, type EvictionPolicy, LogError, type RevocationLog } from '../log/revocation-log.ts';
import { LogClock } from '../replication/log-clock.ts';
import type { Digest } from '../rules/digest.ts';
import type { Dimension, RevocationReason } from '../rules/revocation.ts';
import type { Statement } from '../rules/statement.ts';
import { issuerDigest } from '../rules/trusted-issuers.ts';
import { askIssuerTrust, awaitEnforcement, type EnforcedEverywhere } from './await-enforcement.ts';
import type { IssuerClock } from './issuer-clock.ts';
import { IssuerWarning } from './issuer-warning.ts';
import { checkPublishOptions, type PublishOptions } from './publish-options.ts';
import type { TraceRevocation } from './trace-revocations.ts';

/** What became of a revocation, and how many copies of it exist. */
export interface Published {
  readonly id: string;
  readonly epoch: string;
  readonly loggedAtMs: number;
  /**
   * Redis replicas that confirmed it. 0: only the primary holds it, and it is lost with that Redis unless a sidecar has
   * applied it. Null: unknown, because this Redis refuses INFO or WAIT.
   */
  readonly redisReplicas: number | null;
  /**
   * `unsafe`: Redis may evict this revocation when its memory is full, and the token is then accepted again: set
   * `maxmemory-policy noeviction`. `unknown`: Redis hides its policy, or the sidecar is of the last release.
   */
  readonly evictionPolicy: EvictionPolicy;
  /**
   * Waits until every replica has applied it, or until the time is up: the result then lists the missing replicas.
   *
   * @param options `timeoutMs` 1–60,000, default 5000.
   * @throws ConfigurationError for a `timeoutMs` out of its bounds, and nothing else.
   */
  enforcedEverywhere(options?: { readonly timeoutMs?: number | undefined }): Promise<EnforcedEverywhere>;
  /**
   * Whether a process that follows the log trusts the issuer that was named. `none`: every one has reported its issuers, and
   * none has this one: give exactly the `iss` of the tokens. `unknown`: a process may trust it (of the last release, or with
   * `issuers.resolve`), the log cannot say, or a lift named an id. Asks once, for at most a second, and never rejects.
   */
  issuerTrustedBy(): Promise<IssuerTrust>;
}

export interface PublisherObserver {
  readonly published?:
    | ((statement: 'revoke' | 'lift', dimension: Dimension, reason: RevocationReason) => void)
    | undefined;
  readonly failed?: ((error: unknown) => void) | undefined;
  /**
   * The log may lose revocations, or no process trusts the issuer of a revocation. Called once for each fault, and again when
   * it was mended in between. Default of `createPublisher`: a warning of the process (`process.emitWarning`).
   */
  readonly warned?: ((warning: string) => void) | undefined;
}

/** `code` of the warning of the process. */
export type WarningCode = 'REVOCAST_EVICTION_POLICY' | 'REVOCAST_UNTRUSTED_ISSUER';

export interface PublisherPorts {
  readonly log: RevocationLog;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly newId: () => string;
  /** As in AppendRequest. */
  readonly broadRulesPerMinute?: number;
  /** As in AppendRequest. */
  readonly expectLog?: string;
  /** Present where this process stamps `iat`. */
  readonly issuerClock?: IssuerClock;
  readonly observer?: PublisherObserver;
  /** As `warned` of {@link PublisherObserver}. Default none. */
  readonly warn?: (warning: string, code: WarningCode) => void;
  readonly trace?: TraceRevocation;
}

/** A checked revocation or lift. */
interface Publication {
  /** The `iss` of the tokens; absent where an id was named. */
  readonly issuer?: string;
  readonly kind: 'revoke' | 'lift';
  readonly dimension: Dimension;
  readonly digest: Digest;
  readonly statement: Statement;
  readonly reason?: RevocationReason;
  readonly actor?: string;
  /** Seconds until the token expires, when one token with a known end is revoked. For traces only. */
  readonly remainingSeconds?: number;
}

/** Appends publications to a log, with times of the log's clock, which it learns from the log's answers. */
export class LogWriter {
  readonly #ports: PublisherPorts;
  readonly #logClock: LogClock;
  readonly #issuerWarning: IssuerWarning;
  #isUnsafe = false;

  constructor(ports: PublisherPorts) {
    this.#ports = ports;
    this.#logClock = new LogClock(ports.clock);
    this.#issuerWarning = new IssuerWarning(ports.feed.name, (warning) =>
      ports.warn?.(warning, 'REVOCAST_UNTRUSTED_ISSUER'),
    );
  }

  /** @throws ConfigurationError for an option out of its bounds · LogError, with the id for a retry */
  async write(publication: Publication, options: PublishOptions = {}): Promise<Published> {
    checkPublishOptions(options);
    const { log, feed, clock, newId, broadRulesPerMinute, expectLog, issuerClock, observer, trace } = this.#ports;
    const { issuer: named, digest, remainingSeconds, statement: stated, ...about } = publication;
    const issuer = named === undefined ? undefined : issuerDigest(named);
    const statement = issuerClock?.state(stated) ?? stated;
    const { id = newId(), redisReplicas = 'all', occurredAtMs, tokens } = options;
    const { kind, dimension, reason = 'other', actor } = about;
    const requestedAtMs = await this.#requestTime();
    const span = kind === 'revoke' ? trace?.({ dimension, reason, actor, remainingSeconds, tokens }) : undefined;
    const details = {
      id,
      ...about,
      requestedAtMs,
      occurredAtMs:
        occurredAtMs === undefined ? undefined : Math.round(occurredAtMs + (this.#logClock.offsetMs() ?? 0)),
      traceparent: span?.traceparent,
    };
    const sentAtMs = clock.monotonicMs();
    let appended: Appended;
    try {
      appended = await log.append({ digest, statement, details, redisReplicas, broadRulesPerMinute, expectLog });
    } catch (error) {
      observer?.failed?.(error);
      span?.failed(error);
      // With the id the caller can retry safely even when the id was generated here.
      throw error instanceof LogError ? new LogError(error.code, error.message, { cause: error.cause, id }) : error;
    }
    const appendedAtMs = clock.monotonicMs();
    if (!appended.repeated) this.#logClock.learn(logTimeSample(appended.loggedAtMs, sentAtMs, appendedAtMs));
    const asked = { name: feed.name, identity: appended.identity, epoch: appended.epoch };
    span?.logged(appended);
    observer?.published?.(kind, dimension, reason);
    const { evictionPolicy = 'unknown' } = appended;
    this.#warnOf(evictionPolicy);
    return {
      id,
      epoch: appended.epoch,
      loggedAtMs: appended.loggedAtMs,
      redisReplicas: appended.redisReplicas,
      evictionPolicy,
      enforcedEverywhere: async ({ timeoutMs = 5000 } = {}) => {
        const answer = await awaitEnforcement({ log, asked, appended, issuer, appendedAtMs, clock, timeoutMs });
        this.#issuerWarning.note(issuer, answer.issuerTrustedBy);
        return answer;
      },
      issuerTrustedBy: async () => {
        const trust = await askIssuerTrust({ log, appended, issuer, clock });
        this.#issuerWarning.note(issuer, trust);
        return trust;
      },
    };
  }

  /** The clock of the log minus ours; undefined before an answer of the log. */
  clockOffsetMs(): number | undefined {
    return this.#logClock.offsetMs();
  }

  #warnOf(policy: EvictionPolicy): void {
    // Unknown is no change.
    if (policy === 'unknown') return;
    const { feed, warn } = this.#ports;
    const wasUnsafe = this.#isUnsafe;
    this.#isUnsafe = policy === 'unsafe';
    if (!this.#isUnsafe || wasUnsafe) return;
    warn?.(
      `the Redis of ${feed.name} may evict revocations: expected maxmemory-policy noeviction, found one that may evict keys without a time to live; run: CONFIG SET maxmemory-policy noeviction`,
      'REVOCAST_EVICTION_POLICY',
    );
  }

  /** The log's time of this call. Without a reading of the log's clock, a clock difference would count as latency. */
  async #requestTime(): Promise<number> {
    const { log, clock } = this.#ports;
    const calledAtMs = clock.monotonicMs();
    if (this.#logClock.nowMs() === undefined) {
      try {
        const sample = await log.time?.();
        if (sample !== undefined) this.#logClock.learn(sample);
      } catch {
        // A log that cannot tell the time may still take the revocation; if not, the append reports why.
      }
    }
    const nowMs = this.#logClock.nowMs() ?? clock.wallMs();
    return Math.round(nowMs - (clock.monotonicMs() - calledAtMs));
  }
}
