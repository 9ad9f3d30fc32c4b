import type { SourceHealth } from '@revocast/denylist/replica';
import { type Check, hidden, ill, type Question, well } from './check.ts';

/** What is expected of a Redis, by the name of the complaint when it is otherwise: those of docs/redis.md. */
export const redisExpectations: Readonly<Record<string, string>> = {
  eviction_policy: 'maxmemory-policy noeviction',
  keys_evicted: 'no key evicted',
  version_too_old: 'Redis 6.2 or newer, or Valkey',
  not_primary: 'a primary',
  rights_missing: 'every right of the user `sidecar`',
  clock_offset: 'within 5 s of this clock',
  min_replicas_unset: 'min-replicas-to-write 1 or more, where there are replicas',
  min_replicas_lag: 'min-replicas-max-lag 1 to 3',
  append_only_off: 'appendonly yes',
  memory_nearly_full: 'less than 80 % of maxmemory in use',
  log_trimmed: 'the entries of the last hour',
};

/** One check a complaint there could be. */
export function judgeRedis({ misconfigurations, unknown, figures }: SourceHealth): Check[] {
  const names = new Set([...Object.keys(redisExpectations), ...misconfigurations.map(({ name }) => name), ...unknown]);
  return [...names].map((name) => {
    const question = { name: `redis.${name}`, expected: redisExpectations[name] ?? 'no complaint' };
    const complaint = misconfigurations.find((each) => each.name === name);
    if (complaint !== undefined) {
      const { severity, found, remedy } = complaint;
      return ill({ ...question, remedy }, severity === 'unsafe' ? 'fail' : 'warn', found);
    }
    if (unknown.includes(name)) return hidden({ ...question, remedy: 'ask as a user who may call INFO' }, 'not shown');
    return well(question, describe(name, figures) ?? 'as expected');
  });
}

function describe(name: string, figures: SourceHealth['figures']): string | undefined {
  const { evictionPolicy, memoryUsedBytes: used, memoryLimitBytes: limit } = figures;
  if (name === 'eviction_policy') return evictionPolicy;
  // The figures carry what was read beyond the measured ones.
  if (name === 'version_too_old' && 'version' in figures) return String(figures.version);
  if (name !== 'memory_nearly_full' || used === undefined || limit === undefined) return undefined;
  return limit === 0 ? `${megabytes(used)} in use, no limit` : `${megabytes(used)} of ${megabytes(limit)} in use`;
}

/** Measured: a rule in its hash, and the largest entry that a revocation leaves in the stream. */
const ruleBytes = 106;
const entryBytes = 118;

const memory: Question = {
  name: 'redis.memory_plan',
  expected: 'room for the rules that are planned',
  remedy: 'raise maxmemory: at the limit nothing can be revoked',
};

/** @param plannedRules to be held at once; each may lie in the stream as well for an hour. */
export function judgeMemoryPlan({ figures }: SourceHealth, plannedRules: number): Check {
  const { memoryUsedBytes: used, memoryLimitBytes: limit } = figures;
  const needed = plannedRules * (ruleBytes + entryBytes);
  const need = `${plannedRules} rules take up to ${megabytes(needed)}`;
  if (used === undefined || limit === undefined) return hidden(memory, `${need}; the limit is not shown`);
  if (limit === 0) return well(memory, `${need}; there is no limit`);
  const found = `${need}; ${megabytes(Math.max(0, limit - used))} are free`;
  return needed > limit - used ? ill(memory, 'fail', found) : well(memory, found);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
