import type { ReplicaProgress } from '../log/reader.ts';
import { readVersioned } from './json.ts';
import { decodeReplicas, encodeReplicas, isReaderId } from './replica-progress.ts';

// A reader's report to its sidecar: {"v":1,"reader":"…","replicas":[…]}

export const reportVersion = 1;

export interface Report {
  readonly reader: string;
  readonly replicas: readonly ReplicaProgress[];
}

export function encodeReport({ reader, replicas }: Report): string {
  // The last release has no issuers, and this is sent once a second.
  const known = replicas.map((replica) => ({ ...replica, issuers: undefined }));
  return JSON.stringify({ v: reportVersion, reader, replicas: encodeReplicas(known) });
}

/** @returns what is wrong, for the sender, when the report cannot be read. */
export function decodeReport(text: string): Report | string {
  const fields = readVersioned(text, reportVersion);
  if (typeof fields === 'string') return fields;
  const { reader } = fields;
  if (!isReaderId(reader)) return 'reader: expected 1–64 letters, digits, _ or -';
  const replicas = decodeReplicas(fields['replicas']);
  return replicas === undefined
    ? 'replicas: expected [id, cursor, failOpen, maxStalenessMs] each'
    : { reader, replicas };
}
