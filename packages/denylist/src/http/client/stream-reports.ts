import { createHash } from 'node:crypto';
import type { FeedPosition } from '../../log/feed.ts';
import { isWeakerThan, type Reader, type ReplicaProgress } from '../../log/reader.ts';
import type { TrustedIssuers } from '../../rules/trusted-issuers.ts';
import type { AnswerFrame } from '../wire/frames/down.ts';
import { maxUpFrameBytes } from '../wire/frames/frame.ts';
import { FrameWriter } from '../wire/frames/frame-writer.ts';
import { maxReportRowBytes, type ReportRow } from '../wire/frames/report.ts';
import { encodeUp } from '../wire/frames/up.ts';
import { parsePosition } from '../wire/wire.ts';

const maxRows = Math.floor((maxUpFrameBytes - 64) / maxReportRowBytes);

/** Writes the reports of one connection: what has changed since the last one. */
export class StreamReports {
  readonly #reader: Reader;
  readonly #send: (frame: Buffer) => void;
  readonly #writer = new FrameWriter('scratch');
  readonly #sent = new Map<string, ReportRow>();
  /** Reports that name new replicas, and the revision that is accepted when they are answered. */
  readonly #unanswered = new Map<number, number>();
  #seq = 0;
  /** The feed of this connection, once the sidecar has named it. */
  feed: string | undefined;
  /** What this process has stated of its own issuers on this connection. */
  statedIssuers: TrustedIssuers | undefined;

  constructor(reader: Reader, send: (frame: Buffer) => void) {
    this.#reader = reader;
    this.#send = send;
  }

  /** Sends how far the reader is; every call is a report, even when nothing has changed. */
  report(position: FeedPosition | undefined): void {
    const { relay, revision = 0 } = this.#reader;
    const replicas = this.#reader.progress(position);
    if (relay !== true) {
      const [own] = replicas;
      if (own === undefined) return;
      const issuers = own.issuers === this.statedIssuers ? undefined : own.issuers;
      this.statedIssuers = own.issuers;
      this.#write(0, [{ ...this.#rowOf(own), id: undefined, label: undefined, issuers }]);
      return;
    }
    const { rows, isNew } = this.#changedRows(replicas);
    if (isNew) this.#seq += 1;
    // What is not new is accepted with the last report that was.
    if (isNew || this.#unanswered.has(this.#seq)) this.#unanswered.set(this.#seq, revision);
    else this.#reader.accepted?.(revision);
    for (let from = 0; from === 0 || from < rows.length; from += maxRows) {
      const isLast = from + maxRows >= rows.length;
      this.#write(isNew && isLast ? this.#seq : 0, rows.slice(from, from + maxRows));
    }
  }

  /** The sidecar has answered a report. */
  answered({ seq, status }: AnswerFrame): void {
    const revision = this.#unanswered.get(seq);
    this.#unanswered.delete(seq);
    if (revision !== undefined && status === 'accepted') this.#reader.accepted?.(revision);
  }

  /** The process stops: it is not waited for any longer. */
  leave(): void {
    const [own] = this.#reader.progress(undefined);
    if (this.#reader.relay === true || own === undefined) return;
    const { failOpen, hasLookUp, maxStalenessMs } = own;
    this.#write(0, [{ failOpen, hasLookUp, maxStalenessMs, left: true }]);
  }

  #changedRows(replicas: Iterable<ReplicaProgress>): { rows: ReportRow[]; isNew: boolean } {
    const rows: ReportRow[] = [];
    let isNew = false;
    const left = new Set(this.#sent.keys());
    for (const replica of replicas) {
      const row = this.#rowOf(replica);
      const sent = this.#sent.get(row.id);
      left.delete(row.id);
      const isWeaker = sent === undefined || isWeakerThan(sent, row);
      const isSame = row.n === sent?.n && row.failOpen === sent?.failOpen && row.issuers === sent?.issuers;
      if (!isWeaker && isSame) continue;
      if (isWeaker) isNew = true;
      this.#sent.set(row.id, row);
      const issuers = row.issuers === sent?.issuers ? undefined : row.issuers;
      rows.push(sent === undefined ? row : { ...row, label: undefined, issuers });
    }
    for (const id of left) {
      rows.push({ id, failOpen: false, hasLookUp: false, maxStalenessMs: 0, left: true });
      this.#sent.delete(id);
    }
    return { rows, isNew };
  }

  #rowOf({ id, label, cursor, ...replica }: ReplicaProgress) {
    const at = cursor === undefined ? undefined : parsePosition(cursor);
    const n = at !== undefined && at.feed === this.feed ? at.n : undefined;
    return { ...replica, id: identityOf(id), label: label ?? (identityOf(id) === id ? undefined : id), n };
  }

  #write(seq: number, rows: readonly ReportRow[]): void {
    this.#send(encodeUp(this.#writer, { kind: 'report', seq, rows }));
  }
}

/** A replica of the last release has a name of its own choice: what stands for it here is as long as an identity. */
function identityOf(id: string): string {
  return /^[0-9a-f]{16}$/.test(id) ? id : createHash('sha1').update(id).digest('hex').slice(0, 16);
}
