import type { Clock } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import type { Feed, LogTimeSample } from '../log/feed.ts';
import { type Appended, LogError, type LoggedDenial, type RevocationLog } from '../log/revocation-log.ts';
import { LogClock } from '../replication/log-clock.ts';
import { digestOf } from '../rules/digest.ts';
import type { RevocationDetails } from '../rules/event.ts';
import type { Dimension, Revocation, RevocationReason, RevocationTarget } from '../rules/revocation.ts';
import type { Statement } from '../rules/statement.ts';
import { awaitEnforcement, type EnforcedEverywhere } from './await-enforcement.ts';
import { parseLift, parseRevocation } from './parse-revocation.ts';
import { targetOfToken } from './token-target.ts';
import type { TracedRevocation, TraceRevocation } from './trace-revocations.ts';

export interface PublishOptions {
  /** Redis replicas that must confirm, 0–100; default: all that Redis knows of. 0: this Redis alone. */
  readonly redisReplicas?: number;
  /** 1–128 characters; a retry with the same id within a day writes nothing. Default: random. */
  readonly id?: string;
  /** When it happened at the identity provider, Unix milliseconds: latency is counted from here. */
  readonly occurredAtMs?: number;
  /** How many tokens this ends, if the caller knows: for traces and counters only. */
  readonly tokens?: number;
}

/** What became of a revocation. Never a bare OK: it says how many copies have it. */
export interface Published {
  readonly id: string;
  readonly epoch: string;
  readonly loggedAtMs: number;
  /** 0: held by one Redis alone, and lost with it unless a sidecar has applied it. */
  readonly redisReplicas: number;
  /**
   * Waits until every replica has applied it. Never rejects, never hangs: at the timeout it says who is missing.
   *
   * @param options `timeoutMs` 1–60,000, default 5000.
   */
  enforcedEverywhere(options?: { readonly timeoutMs?: number }): Promise<EnforcedEverywhere>;
}

/** Says which tokens must no longer be accepted, where people log out. */
export interface Publisher {
  /**
   * Logs a revocation. When it resolves, every process whose feed is fresh will deny within milliseconds.
   *
   * @throws ConfigurationError for what cannot be meant · LogError `not_durable` (in force, on fewer copies),
   *         `outcome_unknown` (retry with the same id), `unavailable`, `refused`, `too_many_broad_rules` (not in force).
   */
  revoke(revocation: Revocation, options?: PublishOptions): Promise<Published>;
  /** Revokes one token, named by its id claim, until it has expired everywhere. The signature is not checked. */
  revokeToken(jwt: string, options?: RevokeTokenOptions): Promise<Published>;
  /**
   * Ends every denial of one value; not its cutoff: people log in again. The value is named as in a revocation, or by
   * the id of one, as long as the log keeps it (an hour).
   *
   * @throws as `revoke` · LogError `refused` for an id that is unknown or too old, or of a cutoff or a lift.
   */
  lift(target: LiftTarget & { readonly actor?: string }, options?: PublishOptions): Promise<Published>;
  /** The log as a feed: hand a publisher to `protect({ revocation: { feed: publisher } })` in tests. */
  readonly feed: Feed;
  close(): Promise<void>;
}

/** A value, or the `id` of the revocation that denied it. */
export type LiftTarget = RevocationTarget | { readonly id: string };

export interface RevokeTokenOptions extends PublishOptions {
  /** Default `other`. */
  readonly reason?: RevocationReason;
  readonly actor?: string;
  /** The claim that carries the token id; default `jti`, at Entra `uti`. */
  readonly idClaim?: string;
}

export interface PublisherObserver {
  published?(statement: 'revoke' | 'lift', dimension: Dimension, reason: RevocationReason): void;
  failed?(error: unknown): void;
}

export interface PublisherPorts {
  readonly log: RevocationLog;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly newId: () => string;
  /** As in AppendRequest. */
  readonly broadRulesPerMinute?: number;
  readonly observer?: PublisherObserver;
  readonly trace?: TraceRevocation;
}

/** A publisher over any log. */
export function createPublisherOver(ports: PublisherPorts): Publisher {
  const { log, feed, clock, newId, broadRulesPerMinute, observer, trace } = ports;
  const limit = broadRulesPerMinute === undefined ? {} : { broadRulesPerMinute };
  const logClock = new LogClock(clock);

  interface Said {
    readonly dimension: Dimension;
    readonly digest: Uint32Array;
    readonly statement: Statement;
    readonly traced?: Omit<TracedRevocation, 'tokens'>;
    readonly about: Pick<RevocationDetails, 'reason' | 'actor'> & { readonly kind: 'revoke' | 'lift' };
  }
  const publish = async (
    { dimension, digest, statement, about, traced }: Said,
    options: PublishOptions,
  ): Promise<Published> => {
    const { redisReplicas = 'all', occurredAtMs, tokens } = parseOptions(options);
    const id = options.id ?? newId();
    const askedAtMs = clock.monotonicMs();
    if (logClock.nowMs() === undefined && log.time !== undefined) await learnLogTime();
    const requestedAtMs = Math.round((logClock.nowMs() ?? clock.wallMs()) - (clock.monotonicMs() - askedAtMs));
    const offset = logClock.offsetMs() ?? 0;
    const span = traced && trace?.({ ...traced, ...(tokens !== undefined && { tokens }) });
    const details: RevocationDetails = {
      id,
      dimension,
      ...about,
      requestedAtMs,
      ...(occurredAtMs === undefined ? {} : { occurredAtMs: Math.round(occurredAtMs + offset) }),
      ...(span?.traceparent === undefined ? {} : { traceparent: span.traceparent }),
    };
    const sentAtMs = clock.monotonicMs();
    let appended: Appended;
    try {
      appended = await log.append({ digest, statement, details, redisReplicas, ...limit });
    } catch (error) {
      observer?.failed?.(error);
      span?.failed(error);
      throw error instanceof LogError ? withId(error, id) : error;
    }
    if (!appended.repeated) logClock.learn(sampleOf(appended.loggedAtMs, sentAtMs, clock.monotonicMs()));
    span?.logged(appended);
    observer?.published?.(about.kind, dimension, about.reason ?? 'other');
    const { epoch, loggedAtMs } = appended;
    return {
      id,
      epoch,
      loggedAtMs,
      redisReplicas: appended.redisReplicas,
      enforcedEverywhere: ({ timeoutMs = 5000 } = {}) => awaitEnforcement({ log, appended, clock, timeoutMs }),
    };
  };

  /** Without it the clock of this machine would be taken for the log's, and a difference for latency. */
  const learnLogTime = async (): Promise<void> => {
    try {
      const sample = await log.time?.();
      if (sample !== undefined) logClock.learn(sample);
    } catch {
      // Whoever cannot tell the time may still take a revocation; if not, the append says why.
    }
  };

  const denialNamedBy = async (target: LiftTarget): Promise<LoggedDenial> => {
    const named = parseLift(target);
    if (!('id' in named)) return { dimension: named.dimension, digest: digestOf(named) };
    try {
      return await log.denial(named.id);
    } catch (error) {
      observer?.failed?.(error);
      throw error;
    }
  };

  const publisher: Publisher = {
    async revoke(revocation, options = {}) {
      const { value, statement, reason, actor } = parseRevocation(revocation);
      const about = { kind: 'revoke', reason, actor } as const;
      const { dimension } = value;
      const { expiresAt } = revocation;
      const hasEnd = dimension === 'token' && expiresAt !== undefined;
      const traced = {
        dimension,
        reason,
        actor,
        ...(hasEnd && { remainingSeconds: Math.max(0, expiresAt - Math.floor(clock.wallMs() / 1000)) }),
      };
      return await publish({ dimension, digest: digestOf(value), statement, about, traced }, options);
    },
    async revokeToken(jwt, { reason = 'other', actor, idClaim, ...options } = {}) {
      const target = targetOfToken(jwt, idClaim);
      return await publisher.revoke({ ...target, reason, ...(actor === undefined ? {} : { actor }) }, options);
    },
    async lift(target, options = {}) {
      const { dimension, digest } = await denialNamedBy(target);
      const { actor } = target;
      const about = { kind: 'lift', actor } as const;
      return await publish({ dimension, digest, statement: { kind: 'lift' }, about }, options);
    },
    feed,
    close: () => log.close(),
  };
  return publisher;
}

/** The log stamped it somewhere between sending and answer. */
function sampleOf(logMs: number, sentAtMs: number, answeredAtMs: number): LogTimeSample {
  const roundTripMs = answeredAtMs - sentAtMs;
  return { logMs, monotonicMs: sentAtMs + roundTripMs / 2, roundTripMs };
}

/** So that a caller can retry safely although the id was drawn here. */
function withId(error: LogError, id: string): LogError {
  return new LogError(error.code, error.message, { cause: error.cause, id });
}

function parseOptions(options: PublishOptions): PublishOptions {
  const { redisReplicas, id, occurredAtMs, tokens } = options;
  if (redisReplicas !== undefined && !(Number.isInteger(redisReplicas) && redisReplicas >= 0 && redisReplicas <= 100)) {
    throw new ConfigurationError('redisReplicas', 'expected a whole number from 0 to 100');
  }
  if (id !== undefined && !/^[\x21-\x7e]{1,128}$/.test(id)) {
    throw new ConfigurationError('id', 'expected 1–128 printable ASCII characters without spaces');
  }
  if (occurredAtMs !== undefined && !(occurredAtMs > 1e12 && occurredAtMs < 1e14)) {
    throw new ConfigurationError('occurredAtMs', 'expected Unix milliseconds');
  }
  if (tokens !== undefined && !(Number.isSafeInteger(tokens) && tokens >= 0)) {
    throw new ConfigurationError('tokens', 'expected a whole number, 0 or more');
  }
  return options;
}
