import type { ReplicaProgress } from '../log/reader.ts';

// Replicas as they stand in a reader's line in Redis and in its report to a sidecar: [[id, cursor, failOpen, maxStalenessMs], …]

const maxReplicas = 10_000;

export function encodeReplicas(replicas: readonly ReplicaProgress[]): unknown[] {
  return replicas.map(({ id, cursor, failOpen, maxStalenessMs }) => [
    id,
    cursor ?? null,
    failOpen ? 1 : 0,
    maxStalenessMs,
  ]);
}

/** @returns undefined unless every entry is one of ours: a replica that is left out would not be waited for. */
export function decodeReplicas(value: unknown): ReplicaProgress[] | undefined {
  if (!Array.isArray(value) || value.length > maxReplicas) return undefined;
  const replicas: ReplicaProgress[] = [];
  for (const entry of value) {
    if (!Array.isArray(entry)) return undefined;
    const [id, cursor, failOpen, maxStalenessMs]: unknown[] = entry;
    if (typeof id !== 'string' || !/^[0-9A-Za-z_-]{1,64}$/.test(id)) return undefined;
    if (typeof maxStalenessMs !== 'number' || !(maxStalenessMs >= 0)) return undefined;
    const known = typeof cursor === 'string' && cursor.length <= 64 ? { cursor } : {};
    replicas.push({ id, ...known, failOpen: failOpen === 1, maxStalenessMs });
  }
  return replicas;
}
