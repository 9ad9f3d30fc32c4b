import type { TrustedIssuers } from '../../../rules/trusted-issuers.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';
import { readIssuers, writeIssuers } from './issuers.ts';
import { readLabel, writeLabel } from './label.ts';
import { readMaxStaleness } from './staleness.ts';

/** How far one replica is. It holds until a later row of the same replica on this connection. */
export interface ReportRow {
  /** 16 hex digits; absent for the process that reports for itself. */
  readonly id?: string;
  /** Number of the last change of this feed that it has applied; absent while it has none. */
  readonly n?: number;
  readonly failOpen: boolean;
  readonly maxStalenessMs: number;
  /** A relay, for itself. */
  readonly isServer?: boolean;
  /** It asks the log for what its denylist cannot answer. Of a relay: a replica behind it does, or did within a day. */
  readonly hasLookUp?: boolean;
  /** It stopped in order, and is not waited for any longer. */
  readonly left?: boolean;
  /** Only in the first row of a replica on a connection. */
  readonly label?: string;
  /** Only where they differ from what was stated on this connection. Of a relay: those of all replicas behind it. */
  readonly issuers?: TrustedIssuers;
}

export interface ReportFrame {
  readonly kind: 'report';
  /** Not 0: an `answer` is expected once everything upstream counts the replicas of these rows. */
  readonly seq: number;
  readonly rows: readonly ReportRow[];
}

const flags = { failOpen: 1, hasPosition: 2, left: 4, isServer: 8, hasLookUp: 16 };

/** A row with the longest label and the most issuers. */
export const maxReportRowBytes = 279;

export function writeReport(writer: FrameWriter, { seq, rows }: ReportFrame): void {
  writer.u32(seq);
  for (const { id, n, maxStalenessMs, label, issuers, ...row } of rows) {
    writer.hex(id, 8);
    writer.u8(
      (row.failOpen ? flags.failOpen : 0) |
        (n === undefined ? 0 : flags.hasPosition) |
        (row.left ? flags.left : 0) |
        (row.isServer ? flags.isServer : 0) |
        // Undefined is unknown, and counts as a look-up.
        (row.hasLookUp === false ? 0 : flags.hasLookUp),
    );
    writer.u64(n ?? 0).u32(maxStalenessMs);
    writeLabel(writer, label);
    writeIssuers(writer, issuers);
  }
}

export function readReport(reader: FrameReader): ReportFrame {
  const seq = reader.u32();
  const rows: ReportRow[] = [];
  while (!reader.atEnd) rows.push(readRow(reader));
  return { kind: 'report', seq, rows };
}

function readRow(reader: FrameReader): ReportRow {
  const id = reader.hex(8);
  const bits = reader.u8();
  const n = reader.u64();
  const maxStalenessMs = readMaxStaleness(reader);
  const label = readLabel(reader);
  return {
    id,
    n: (bits & flags.hasPosition) === 0 ? undefined : n,
    failOpen: (bits & flags.failOpen) !== 0,
    maxStalenessMs,
    left: (bits & flags.left) !== 0,
    isServer: (bits & flags.isServer) !== 0,
    hasLookUp: (bits & flags.hasLookUp) !== 0,
    label: label === '' ? undefined : label,
    issuers: readIssuers(reader),
  };
}
