import type { SourceHealth } from '@revocast/denylist/replica';
import { type Check, declareCheck } from './check.ts';

/** The expected setting for each misconfiguration of docs/redis.md, by its name. */
export const redisExpectations: Readonly<Record<string, string>> = {
  eviction_policy: 'maxmemory-policy noeviction',
  volatile_eviction: 'maxmemory-policy noeviction',
  keys_evicted: 'no key evicted',
  version_too_old: 'Redis 6.2 or newer, or Valkey',
  not_primary: 'a primary',
  rights_missing: 'every permission of the user `sidecar`',
  tail_polled: 'XREAD is permitted',
  copies_unknown: 'INFO and WAIT are permitted',
  clock_offset: 'within 5 s of this clock',
  lease_holder_clock: 'a sidecar that writes heartbeats, within 5 s of this clock',
  min_replicas_unset: 'min-replicas-to-write 1 or more, where there are replicas',
  min_replicas_lag: 'min-replicas-max-lag 1 to 3',
  append_only_off: 'appendonly yes',
  memory_nearly_full: 'less than 80 % of maxmemory in use',
  rules_impossible: 'rules that a clock of a log can have written',
  log_trimmed: 'the entries of the last hour',
};

/** One check for each possible misconfiguration. */
export function judgeRedis({ misconfigurations, unknown, figures }: SourceHealth): Check[] {
  const names = new Set([...Object.keys(redisExpectations), ...misconfigurations.map(({ name }) => name), ...unknown]);
  return [...names].map((name) => {
    const check = declareCheck(
      `redis.${name}`,
      redisExpectations[name] ?? 'no misconfiguration',
      'use a Redis user that may call INFO',
    );
    const misconfiguration = misconfigurations.find((each) => each.name === name);
    if (misconfiguration !== undefined) {
      const { severity, found, remedy } = misconfiguration;
      return check(severity === 'unsafe' ? 'fail' : 'warn', found, remedy);
    }
    if (unknown.includes(name)) return check('unknown', 'not permitted');
    return check('ok', describe(name, figures) ?? 'as expected');
  });
}

function describe(name: string, figures: SourceHealth['figures']): string | undefined {
  const { evictionPolicy, memoryUsedBytes: used, memoryLimitBytes: limit } = figures;
  if (name === 'eviction_policy') return evictionPolicy;
  // The figures of Redis contain its version too, which is not a metric.
  if (name === 'version_too_old' && 'version' in figures) return String(figures.version);
  if (name !== 'memory_nearly_full' || used === undefined || limit === undefined) return undefined;
  return limit === 0 ? `${megabytes(used)} in use, no limit` : `${megabytes(used)} of ${megabytes(limit)} in use`;
}

/** Measured: a rule in its hash, and the largest entry of a revocation in the stream. */
const ruleBytes = 106;
const entryBytes = 118;

const memory = declareCheck(
  'redis.memory_plan',
  'memory for the planned rules',
  'raise maxmemory: at the limit Redis refuses new revocations',
);

/** @param plannedRules rules held at once; each can also be in the stream, for an hour. */
export function judgeMemoryPlan({ figures }: SourceHealth, plannedRules: number): Check {
  const { memoryUsedBytes: used, memoryLimitBytes: limit } = figures;
  const neededBytes = plannedRules * (ruleBytes + entryBytes);
  const need = `${plannedRules} rules take up to ${megabytes(neededBytes)}`;
  if (used === undefined || limit === undefined) return memory('unknown', `${need}; the limit is not known`);
  if (limit === 0) return memory('ok', `${need}; there is no limit`);
  const freeBytes = Math.max(0, limit - used);
  return memory(neededBytes > freeBytes ? 'fail' : 'ok', `${need}; ${megabytes(freeBytes)} are free`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
