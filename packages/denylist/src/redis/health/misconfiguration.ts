import type { Misconfiguration, SourceFigures } from '../../log/source-health.ts';
import { logRetentionMs } from '../append.ts';

/** The facts that one examination of Redis found. A field is absent when this user may not read it. */
export interface RedisFacts extends SourceFigures {
  readonly version?: string;
  readonly role?: string;
  readonly replicas?: number;
  readonly minReplicasSet?: boolean;
  readonly minReplicasMaxLagSeconds?: number;
  readonly appendOnly?: boolean;
  /** Redis minus wall clock. */
  readonly clockOffsetMs?: number;
  /** Commands that a sidecar needs and this user may not call. */
  readonly refusedCommands?: readonly string[];
  /** The command without which the confirmed copies of a revocation cannot be counted, where it is refused. */
  readonly copiesHiddenBy?: 'INFO' | 'WAIT' | 'none';
  /** Whether the log can be followed by a read that blocks. */
  readonly canBlock?: boolean;
  /** Entries ever appended. */
  readonly logSeq?: number;
  readonly nowMs?: number;
  /** By how much `evictedKeys` has grown since the first examination, while the policy could evict rules. */
  readonly evictedSince?: number;
  /** Rules with a stamp or a lift that no clock can have stated. */
  readonly impossibleRules?: number;
}

interface Check {
  readonly severity: Misconfiguration['severity'];
  readonly remedy: string;
  /** What is wrong, `false` when nothing is, undefined when that is unknown. */
  find(facts: RedisFacts): string | false | undefined;
}

const leastVersion = [6, 2] as const;
const largestOffsetMs = 5000;
const largestMaxLagSeconds = 3;
const highestMemoryShare = 0.8;
const retentionSlackMs = 60_000;

/** Every misconfiguration of a Redis that is checked, by name. A test compares docs/redis.md with it. */
export const redisChecks = {
  eviction_policy: {
    severity: 'unsafe',
    remedy: 'CONFIG SET maxmemory-policy noeviction: this policy may drop revocations',
    find: ({ evictionPolicy: policy }) =>
      policy === undefined ? undefined : mayEvictRules(policy) && `maxmemory-policy ${policy}`,
  },
  volatile_eviction: {
    severity: 'warning',
    remedy:
      'set maxmemory-policy noeviction where the service permits it; no revocation has a time to live, so none is evicted, but the record of used DPoP proofs ({revocast}:once) has: where dpop.replays names this Redis, a proof could be accepted twice',
    find: ({ evictionPolicy: policy }) =>
      policy === undefined ? undefined : evictsOnlyVolatile(policy) && `maxmemory-policy ${policy}`,
  },
  keys_evicted: {
    severity: 'unsafe',
    remedy:
      'set maxmemory-policy noeviction and do not restart a sidecar: each writes back the rules that it holds; a rule that none holds is lost',
    find: ({ evictedSince }) =>
      evictedSince === undefined
        ? undefined
        : evictedSince > 0 && `${evictedSince} keys evicted since the first examination`,
  },
  version_too_old: {
    severity: 'unsafe',
    remedy: 'upgrade to Redis 6.2 or newer, or Valkey',
    find: ({ version }) => (version === undefined ? undefined : isOlder(version) && `version ${version}`),
  },
  not_primary: {
    severity: 'unsafe',
    remedy: 'name the primary, or its Sentinels as redis+sentinel://…',
    find: ({ role }) => (role === undefined ? undefined : role !== 'master' && `role ${role}`),
  },
  rights_missing: {
    severity: 'unsafe',
    remedy: 'give this user the rights of the user `sidecar` in docs/redis.md',
    find: ({ refusedCommands }) =>
      refusedCommands === undefined ? undefined : refusedCommands.length > 0 && `may not ${refusedCommands.join(', ')}`,
  },
  tail_polled: {
    severity: 'degraded',
    remedy:
      'use a Redis that permits XREAD, without a proxy that hides it: until then the log is read every 250 ms, and a revocation arrives that much later',
    find: ({ canBlock }) => (canBlock === undefined ? undefined : !canBlock && 'XREAD is refused'),
  },
  copies_unknown: {
    severity: 'warning',
    remedy:
      'permit INFO and WAIT: without them revoke() waits for no redis replica (redisReplicas: null), and a revocation can be lost in a failover unless a sidecar has applied it',
    find: ({ copiesHiddenBy: command }) =>
      command === undefined ? undefined : command !== 'none' && `${command} is refused`,
  },
  clock_offset: {
    severity: 'warning',
    remedy: 'run NTP on both machines: with more than a minute of difference, ended rules are no longer removed',
    find: ({ clockOffsetMs }) =>
      clockOffsetMs === undefined
        ? undefined
        : Math.abs(clockOffsetMs) > largestOffsetMs && `Redis is ${Math.round(clockOffsetMs / 1000)} s from this clock`,
  },
  lease_holder_clock: {
    severity: 'warning',
    remedy:
      'run NTP on the machines of the sidecars: the log judges by three clocks, and with two wrong ones cutoffs are wrong',
    // A log without a recent reading has no such sidecar, or one of the last release.
    find: ({ leaseHolderOffsetMs: offsetMs = 0, logSeq }) =>
      logSeq === undefined
        ? undefined
        : Math.abs(offsetMs) > largestOffsetMs &&
          `the sidecar that writes heartbeats is ${Math.round(offsetMs / 1000)} s from this clock`,
  },
  min_replicas_unset: {
    severity: 'warning',
    remedy: 'set min-replicas-to-write 1: a primary that was cut off must stop accepting writes',
    find: ({ replicas, minReplicasSet }) =>
      replicas === undefined || minReplicasSet === undefined
        ? undefined
        : replicas > 0 && !minReplicasSet && `${replicas} replicas and no min-replicas-to-write`,
  },
  min_replicas_lag: {
    severity: 'warning',
    remedy: 'set min-replicas-max-lag 2 or 3: on the cut-off side of a partition, the bound is longer by this time',
    find: ({ minReplicasSet, minReplicasMaxLagSeconds: lag }) =>
      minReplicasSet === false
        ? false
        : minReplicasSet === undefined || lag === undefined
          ? undefined
          : (lag > largestMaxLagSeconds || lag === 0) && `min-replicas-max-lag ${lag}`,
  },
  append_only_off: {
    severity: 'warning',
    remedy: 'set appendonly yes: without it Redis loses the latest revocations, or all of them, at a restart',
    find: ({ appendOnly }) => (appendOnly === undefined ? undefined : !appendOnly && 'appendonly no'),
  },
  memory_nearly_full: {
    severity: 'warning',
    remedy: 'raise maxmemory, or move other data out of this Redis: at the limit nothing can be revoked',
    find: ({ memoryUsedBytes: used, memoryLimitBytes: limit }) =>
      used === undefined || limit === undefined
        ? undefined
        : limit > 0 && used >= highestMemoryShare * limit && `${Math.round((100 * used) / limit)} % of maxmemory`,
  },
  rules_impossible: {
    severity: 'warning',
    remedy:
      'find the program that wrote them; such a denial cannot be lifted: stop all sidecars and run `revocast-sidecar repair`',
    find: ({ impossibleRules: count }) =>
      count === undefined ? undefined : count > 0 && `${count} rules with numbers that no clock can have written`,
  },
  log_trimmed: {
    severity: 'warning',
    remedy: 'find the program that trims or deletes {revocast}:log: every reader that reconnects must take a snapshot',
    find: ({ logEntries, logSeq, logOldestMs, nowMs }) =>
      logEntries === undefined || logSeq === undefined || nowMs === undefined
        ? undefined
        : logEntries < logSeq &&
          nowMs - (logOldestMs ?? nowMs) < logRetentionMs - retentionSlackMs &&
          `the log begins ${Math.round((nowMs - (logOldestMs ?? nowMs)) / 1000)} s ago`,
  },
} as const satisfies Readonly<Record<string, Check>>;

/** What is wrong with a Redis, and what is unknown. */
export function judgeRedis(facts: RedisFacts): { misconfigurations: Misconfiguration[]; unknown: string[] } {
  const misconfigurations: Misconfiguration[] = [];
  const unknown: string[] = [];
  const checks: readonly [string, Check][] = Object.entries(redisChecks);
  for (const [name, { severity, remedy, find }] of checks) {
    const found = find(facts);
    if (found === undefined) unknown.push(name);
    else if (found !== false) misconfigurations.push({ name, severity, found, remedy });
  }
  return { misconfigurations, unknown };
}

/** Only keys with a time to live are evicted. Every key that holds rules or the log has none. */
export function evictsOnlyVolatile(policy: string | undefined): boolean {
  return policy?.startsWith('volatile-') === true;
}

/** A policy that is unknown here may evict any key. */
export function mayEvictRules(policy: string): boolean {
  return policy !== 'noeviction' && !evictsOnlyVolatile(policy);
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < leastVersion[0] || (major === leastVersion[0] && minor < leastVersion[1]);
}
