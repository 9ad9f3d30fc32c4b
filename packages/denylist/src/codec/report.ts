import type { ReplicaProgress } from '../log/reader.ts';
import { decodeReplicas, encodeReplicas } from './replica-progress.ts';
import { readVersioned } from './versioned-json.ts';

// A reader's report to its sidecar: {"v":1,"reader":"…","replicas":[…]}

export const reportVersion = 1;

export interface Report {
  readonly reader: string;
  readonly replicas: readonly ReplicaProgress[];
}

export function encodeReport({ reader, replicas }: Report): string {
  return JSON.stringify({ v: reportVersion, reader, replicas: encodeReplicas(replicas) });
}

/** @returns what is wrong, in words for the caller, when it cannot be read. */
export function decodeReport(text: string): Report | string {
  const fields = readVersioned(text, reportVersion);
  if (typeof fields === 'string') return fields;
  const { reader } = fields;
  if (typeof reader !== 'string' || !/^[0-9A-Za-z_-]{1,64}$/.test(reader))
    return 'reader: expected 1–64 letters, digits, _ or -';
  const replicas = decodeReplicas(fields['replicas']);
  return replicas === undefined
    ? 'replicas: expected [id, cursor, failOpen, maxStalenessMs] each'
    : { reader, replicas };
}
