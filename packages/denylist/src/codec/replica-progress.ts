import { mostReportedReplicas, type ReplicaProgress } from '../log/reader.ts';
import { mostMaxStalenessMs } from '../replication/max-staleness.ts';
import { anyIssuer, parseTrustedIssuers } from '../rules/trusted-issuers.ts';
import { boundLabel } from './label.ts';

// How far replicas are, as a JSON array in the line of a reader in Redis and in its report to a sidecar:
//
//   [[id, cursor or null, failOpen 0 or 1, maxStalenessMs, kind, label or null, issuers], …]
//
// `kind` is the sum of 1 for a server and 2 for a replica with a look-up; `issuers` are digests of 16 hex digits without a
// separator. The last release writes neither kind nor label nor issuers, and reads only what it writes.

/** A line of a reader is never longer, in bytes. */
const maxLineBytes = 1024 * 1024;
/** Enough for the replicas of a host. */
const firstLineBytes = 4096;
const kinds = { server: 1, lookUp: 2 };

export function encodeReplicas(replicas: Iterable<ReplicaProgress>): unknown[] {
  return Array.from(replicas, encodeReplica);
}

function encodeReplica(replica: ReplicaProgress) {
  const { id, label, cursor, failOpen, maxStalenessMs, isServer, hasLookUp, issuers = anyIssuer } = replica;
  const fields: unknown[] = [id, cursor ?? null, failOpen ? 1 : 0, maxStalenessMs];
  // Undefined is unknown, and so is an absent element.
  if (hasLookUp === undefined) return fields;
  fields.push((isServer ? kinds.server : 0) + (hasLookUp ? kinds.lookUp : 0));
  if (label !== undefined || issuers !== anyIssuer) fields.push(label ?? null);
  if (issuers !== anyIssuer) fields.push(issuers);
  return fields;
}

/**
 * Writes them as text into memory that is used again: the report of a sidecar with 10,000 replicas is a megabyte, and may be
 * written several times a second. Without the labels where they would make the line too long: they are only for people.
 *
 * @param replicas makes the same replicas at each call.
 */
export class ReplicasWriter {
  #bytes = Buffer.allocUnsafeSlow(firstLineBytes);
  #length = 0;

  /** @returns the text behind `prefix`, valid until the next call. */
  write(prefix: string, replicas: () => Iterable<ReplicaProgress>): Buffer {
    if (!this.#fill(prefix, replicas(), true)) this.#fill(prefix, replicas(), false);
    return this.#bytes.subarray(0, this.#length);
  }

  /** @returns false when the line is too long with the labels. */
  #fill(prefix: string, replicas: Iterable<ReplicaProgress>, hasLabels: boolean): boolean {
    this.#length = 0;
    this.#text(`${prefix}[`);
    let separator = '';
    for (const replica of replicas) {
      this.#text(separator + JSON.stringify(encodeReplica(hasLabels ? replica : { ...replica, label: undefined })));
      if (hasLabels && this.#length >= maxLineBytes) return false;
      separator = ',';
    }
    this.#text(']');
    return true;
  }

  #text(text: string): void {
    // Of UTF-8, a character of a string takes three bytes at most.
    const needed = this.#length + 3 * text.length;
    if (needed > this.#bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(2 * needed);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#length += this.#bytes.write(text, this.#length);
  }
}

/**
 * Reads them. A `maxStalenessMs` above the greatest one that a process may have is taken for that: it decides for how long
 * publishers wait for a silent replica.
 *
 * @returns undefined unless every entry can be read: publishers would not wait for a replica that is left out.
 */
export function decodeReplicas(value: unknown): ReplicaProgress[] | undefined {
  if (!Array.isArray(value) || value.length > mostReportedReplicas) return undefined;
  const replicas: ReplicaProgress[] = [];
  for (const entry of value) {
    if (!Array.isArray(entry)) return undefined;
    const [id, cursor, failOpen, maxStalenessMs, kind, label, issuers]: unknown[] = entry;
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
      issuers: parseTrustedIssuers(issuers),
    });
  }
  return replicas;
}

/** Whether a value is an id of a reader or replica: 1–64 letters, digits, `_` or `-`. */
export function isReaderId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Za-z_-]{1,64}$/.test(value);
}
