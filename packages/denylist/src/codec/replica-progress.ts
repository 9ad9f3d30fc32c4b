import type { ReplicaProgress } from '../log/reader.ts';

// How far replicas are, as a JSON array in the line of a reader in Redis and in its report to a sidecar:
//
//   [[id, cursor or null, failOpen 0 or 1, maxStalenessMs, kind], …]
//
// `kind` is the sum of 1 for a server and 2 for a replica with a look-up. The last release does not write it.

const maxReplicas = 10_000;
const kinds = { server: 1, lookUp: 2 };

export function encodeReplicas(replicas: readonly ReplicaProgress[]): unknown[] {
  return replicas.map(({ id, cursor, failOpen, maxStalenessMs, isServer, hasLookUp }) => [
    id,
    cursor ?? null,
    failOpen ? 1 : 0,
    maxStalenessMs,
    // Undefined is unknown, and so is an absent element.
    ...(hasLookUp === undefined ? [] : [(isServer ? kinds.server : 0) + (hasLookUp ? kinds.lookUp : 0)]),
  ]);
}

/** @returns undefined unless every entry can be read: publishers would not wait for a replica that is left out. */
export function decodeReplicas(value: unknown): ReplicaProgress[] | undefined {
  if (!Array.isArray(value) || value.length > maxReplicas) return undefined;
  const replicas: ReplicaProgress[] = [];
  for (const entry of value) {
    if (!Array.isArray(entry)) return undefined;
    const [id, cursor, failOpen, maxStalenessMs, kind]: unknown[] = entry;
    if (!isReaderId(id) || typeof maxStalenessMs !== 'number' || !(maxStalenessMs >= 0)) return undefined;
    const known = typeof cursor === 'string' && cursor.length <= 64 ? cursor : undefined;
    const isKindKnown = typeof kind === 'number';
    replicas.push({
      id,
      cursor: known,
      failOpen: failOpen === 1,
      maxStalenessMs,
      isServer: isKindKnown && (kind & kinds.server) !== 0,
      hasLookUp: isKindKnown ? (kind & kinds.lookUp) !== 0 : undefined,
    });
  }
  return replicas;
}

/** Whether a value is an id of a reader or replica: 1–64 letters, digits, `_` or `-`. */
export function isReaderId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Za-z_-]{1,64}$/.test(value);
}
