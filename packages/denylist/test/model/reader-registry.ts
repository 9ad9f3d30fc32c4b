import type { Clock } from '../../src/clock.ts';
import { parsePosition } from '../../src/http/wire/wire.ts';
import type { FeedPosition } from '../../src/log/feed.ts';
import { reportLifetimeMs } from '../../src/log/reader.ts';
import { defaultMaxStalenessMs } from '../../src/replication/max-staleness.ts';
import type { Flaw } from './flaws.ts';

/** How long a fail-open reader is remembered: a day in the product, which no schedule waits for. */
export const dayMs = 30_000;

/** One reader in a report to a server, and in a line of the log's registry. */
export interface ReaderRow {
  readonly id: string;
  /** Which process of the model it is. No rule of the protocol looks at it. */
  readonly process: string;
  /** Everything up to here is applied. Undefined before the first snapshot, and where it does not count. */
  readonly cursor: string | undefined;
  readonly failOpen: boolean;
  /** It asks the log where its denylist cannot answer. */
  readonly lookUp: boolean;
  readonly maxStalenessMs: number;
  /** A sidecar or a relay: it answers no requests, but readers that join it later start from what it holds. */
  readonly isServer: boolean;
  /** Another program has reported it, in the name of this reader. No rule of the protocol looks at it. */
  readonly isForged?: boolean;
}

interface Entry {
  readonly id: string;
  /** A connection that presents it continues this entry. Empty for a reader of the old wire. */
  readonly secret: string;
  /** Shown to people. Two readers may have the same one. */
  readonly label: string;
  readonly isLegacy: boolean;
  rows: readonly ReaderRow[];
  heardAtMs: number;
  /** When the last proof was handed out to it. */
  provenAtMs: number;
}

export interface RegistryOptions {
  /** 16 hex digits, new with every start. */
  readonly id: string;
  readonly clock: Clock;
  readonly isRelay: boolean;
  readonly flaw: Flaw | undefined;
}

/** What a reader says when it connects; `secret` is that of the entry it continues. */
export interface Hello {
  readonly label: string;
  readonly secret: string | undefined;
  readonly rows: readonly ReaderRow[];
}

/**
 * The readers of one server, how far each is, and which of them may be given proofs.
 *
 * A report upstream is taken in one tick: the server's own position and a row for every reader that may be fresh by one
 * of its proofs. So once a report says that the server has applied an entry, a reader that it does not name has got that
 * entry in its snapshot, or gets it before its first proof.
 */
export class ReaderRegistry {
  /** Names the server as a reader, and its feed. */
  readonly id: string;
  readonly #clock: Clock;
  readonly #flaw: Flaw | undefined;
  readonly #entries = new Map<string, Entry>();
  /** Open streams by the id of their entry, or the name of a reader of the old wire. */
  readonly #open = new Map<string, number>();
  #marks: { readonly n: number; readonly position: FeedPosition }[] = [];
  readonly #listeners = new Set<() => void>();
  #joined = 0;
  /** When a reader last said that it makes look-ups. */
  #lookUpSeenAtMs = Number.NEGATIVE_INFINITY;
  readonly #isRelay: boolean;

  constructor(options: RegistryOptions) {
    this.id = options.id;
    this.#clock = options.clock;
    this.#flaw = options.flaw;
    this.#isRelay = options.isRelay;
  }

  /** A connection of the present wire. The server draws identity and secret. */
  join({ label, secret, rows }: Hello): { readonly id: string; readonly secret: string } {
    const byLabel = this.#flaw === 'replaced by label';
    const old = [...this.#entries.values()].find(
      (entry) => !entry.isLegacy && (byLabel ? entry.label === label : entry.secret === secret),
    );
    const anew = byLabel || this.#flaw === 'replaced entry starts anew';
    if (old !== undefined && anew) this.#entries.delete(old.id);
    const kept = anew ? undefined : old;
    this.#joined += 1;
    const id = kept?.id ?? `${this.id}/${this.#joined}`;
    const entry = kept ?? this.#add({ id, secret: `secret of ${id}`, label, isLegacy: false });
    this.report(id, rows);
    return entry;
  }

  /** `POST /v1/acks` of the old wire: the reader names itself. */
  reportLegacy(name: string, rows: readonly ReaderRow[]): void {
    if (!this.#entries.has(name)) this.#add({ id: name, secret: '', label: name, isLegacy: true });
    this.report(name, rows);
  }

  /** @returns false for a reader that is forgotten: it must join again. */
  report(id: string, rows: readonly ReaderRow[]): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    // An API process has no identity before the server draws it; a relay has drawn those of the readers behind it.
    entry.rows = rows.map((row) => (row.id === '' ? { ...row, id } : row));
    entry.heardAtMs = this.#clock.monotonicMs();
    if (rows.some(({ lookUp }) => lookUp)) this.#lookUpSeenAtMs = entry.heardAtMs;
    this.#notify();
    return true;
  }

  opened(id: string): void {
    this.#open.set(id, this.#openStreams(id) + 1);
    this.#notify();
  }

  closed(id: string): void {
    this.#open.set(id, this.#openStreams(id) - 1);
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#openStreams(id) > 0) return;
    const dropped = entry.isLegacy
      ? this.#flaw === 'legacy entry dropped with its stream'
      : this.#flaw === 'forgotten with its connection';
    const unused = entry.provenAtMs === Number.NEGATIVE_INFINITY && !entry.rows.some(({ failOpen }) => failOpen);
    if (dropped || unused) this.#entries.delete(id);
    this.#notify();
  }

  /** Whether the reader may be given a proof. It is named in every report from then on. */
  mayProve(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return this.#flaw === 'proofs to unnamed readers';
    const silentMs = this.#clock.monotonicMs() - entry.heardAtMs;
    const limitMs = entry.isLegacy ? reportLifetimeMs : defaultMaxStalenessMs;
    return silentMs <= limitMs || this.#flaw === 'proofs to a silent reader';
  }

  proofHandedTo(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.provenAtMs = this.#clock.monotonicMs();
  }

  /** Forgets the readers that can no longer be fresh. @returns those of the present wire that are still connected. */
  forget(): readonly string[] {
    const now = this.#clock.monotonicMs();
    const ended = [...this.#entries.values()].filter((entry) => {
      const silentMs = now - Math.max(entry.provenAtMs, entry.heardAtMs);
      return entry.rows.every((row) => silentMs > rememberedMs(row));
    });
    for (const { id } of ended) this.#entries.delete(id);
    if (ended.length > 0) this.#notify();
    return ended.filter(({ id, isLegacy }) => this.#openStreams(id) > 0 && !isLegacy).map(({ id }) => id);
  }

  /** All changes up to `n` of this server's feed are those of its source up to `position`. */
  mark(n: number, position: FeedPosition): void {
    if (this.#marks.at(-1)?.n === n) this.#marks.pop();
    this.#marks.push({ n, position });
    if (this.#marks.length > 500) this.#marks.shift();
  }

  /** A new snapshot: positions of the history before it are not comparable with those that follow. */
  forgetMarks(): void {
    if (this.#flaw !== 'positions of another history') this.#marks = [];
  }

  /** What this server reports upstream when it has itself applied everything up to `position`. */
  rowsAt(position: { readonly cursor: string } | undefined): readonly ReaderRow[] {
    const now = this.#clock.monotonicMs();
    const rows = [...this.#entries.values()].flatMap((entry) =>
      entry.rows
        .filter((row) => row.failOpen || now - entry.provenAtMs <= rememberedMs(row))
        .map((row) => ({ ...row, cursor: this.#upstreamCursor(entry, row), isForged: this.#isForged(entry, row) })),
    );
    const uncounted = this.#isRelay ? 'relays not counted' : 'sidecars not counted';
    if (this.#flaw === uncounted) return rows;
    // A reader that is forgotten may go on with look-ups, and remember for a second what they found.
    const lookUp = now - this.#lookUpSeenAtMs <= dayMs && this.#flaw !== 'look-ups forgotten with their reader';
    const cursor = position?.cursor;
    const maxStalenessMs = defaultMaxStalenessMs;
    return [{ id: this.id, process: '', cursor, failOpen: false, lookUp, maxStalenessMs, isServer: true }, ...rows];
  }

  onProgress(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(reader: Pick<Entry, 'id' | 'secret' | 'label' | 'isLegacy'>): Entry {
    const now = this.#clock.monotonicMs();
    const entry = { ...reader, rows: [], heardAtMs: now, provenAtMs: Number.NEGATIVE_INFINITY };
    this.#entries.set(entry.id, entry);
    return entry;
  }

  #openStreams(id: string): number {
    return this.#open.get(id) ?? 0;
  }

  #upstreamCursor({ id, isLegacy }: Entry, { cursor }: ReaderRow): string | undefined {
    // Anybody may report under a name of the old wire. Only while one stream of that name is open, a reader lives there.
    const counts = !isLegacy || this.#openStreams(id) === 1 || this.#flaw === 'legacy cursor without stream';
    const at = cursor === undefined || !counts ? undefined : parsePosition(cursor);
    if (at === undefined || at.feed !== this.id) return undefined;
    return this.#marks.findLast(({ n }) => n <= at.n)?.position.cursor;
  }

  /** The old wire cannot tell such a report from that of the reader whose stream is open. */
  #isForged({ id }: Entry, { isForged = false }: ReaderRow): boolean {
    return isForged && this.#openStreams(id) === 1;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** How long a reader is named after its last proof. */
function rememberedMs({ failOpen, maxStalenessMs }: ReaderRow): number {
  return failOpen ? dayMs : maxStalenessMs + reportLifetimeMs;
}
