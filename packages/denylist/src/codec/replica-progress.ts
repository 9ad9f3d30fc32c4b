import type { ReplicaProgress } from '../log/reader.ts';
import { mostMaxStalenessMs } from '../replication/max-staleness.ts';
import { boundLabel } from './label.ts';

// How far replicas are, as a JSON array in the line of a reader in Redis and in its report to a sidecar:
//
//   [[id, cursor or null, failOpen 0 or 1, maxStalenessMs, kind, label], …]
//
// `kind` is the sum of 1 for a server and 2 for a replica with a look-up. The last release writes neither kind nor label.

const maxReplicas = 10_000;
/** A line of a reader is never longer, in bytes. */
const maxLineBytes = 1024 * 1024;
const kinds = { server: 1, lookUp: 2 };

export function encodeReplicas(replicas: readonly ReplicaProgress[]): unknown[] {
  return replicas.map(({ id, label, cursor, failOpen, maxStalenessMs, isServer, hasLookUp }) => [
    id,
    cursor ?? null,
    failOpen ? 1 : 0,
    maxStalenessMs,
    // Undefined is unknown, and so is an absent element.
    ...(hasLookUp === undefined ? [] : [(isServer ? kinds.server : 0) + (hasLookUp ? kinds.lookUp : 0)]),
    ...(hasLookUp === undefined || label === undefined ? [] : [label]),
  ]);
}

/** The same as text, without the labels where they would make the line too long: they are only for people. */
export function formatReplicas(replicas: readonly ReplicaProgress[]): string {
  const text = JSON.stringify(encodeReplicas(replicas));
  if (Buffer.byteLength(text) <= maxLineBytes) return text;
  return JSON.stringify(encodeReplicas(replicas.map((replica) => ({ ...replica, label: undefined }))));
}

/**
 * Reads them. A `maxStalenessMs` above the greatest one that a process may have is taken for that: it decides for how long
 * publishers wait for a silent replica.
 *
 * @returns undefined unless every entry can be read: publishers would not wait for a replica that is left out.
 */
export function decodeReplicas(value: unknown): ReplicaProgress[] | undefined {
  if (!Array.isArray(value) || value.length > maxReplicas) return undefined;
  const replicas: ReplicaProgress[] = [];
  for (const entry of value) {
    if (!Array.isArray(entry)) return undefined;
    const [id, cursor, failOpen, maxStalenessMs, kind, label]: unknown[] = entry;
    if (!isReaderId(id) || typeof maxStalenessMs !== 'number' || !(maxStalenessMs >= 0)) return undefined;
    const known = typeof cursor === 'string' && cursor.length <= 64 ? cursor : undefined;
    const isKindKnown = typeof kind === 'number';
    replicas.push({
      id,
      label: typeof label === 'string' ? boundLabel(label) : undefined,
      cursor: known,
      failOpen: failOpen === 1,
      maxStalenessMs: Math.min(maxStalenessMs, mostMaxStalenessMs),
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
