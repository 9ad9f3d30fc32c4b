import { maxGapMs, recoveryWaitMs, witnessSpanMs } from '../../src/log/log-gap.ts';
import type { RememberedLog } from '../../src/replication/log-memory.ts';
import type { RecallAct, Recalled } from '../../src/replication/reseed.ts';
import type { Flaw } from './flaws.ts';
import { type LogState, linkAfter, type SimEntry } from './sim-redis.ts';

/** Milliseconds of the log are thousandths of a stream id. */
const idsPerMs = 1000;

type Meta = NonNullable<LogState['meta']>;

/** A pause of the heartbeats after which the log may be a backup that was restored. */
export interface Gap {
  /** The log's time at which the wait for a witness ends. */
  readonly untilMs: number;
  /** The last entry before it, and the head there. */
  readonly id: number;
  readonly head: string;
  /** Stamp of the restart that it led to. */
  readonly stamp: number | undefined;
}

/** The last rule entry that a process remembers, as the log has recorded it. */
export interface Mark {
  readonly seq: number;
  readonly id: number;
  readonly stamp?: number;
}

/** What a heartbeat learns about a pause: nothing, that the log continues, or that a wait begins or has ended in vain. */
export type GapOutcome = 'none' | 'begins' | 'continues' | 'ended in vain';

/** `judgeGap` of the scripts, without its writes. */
export function judgeGap(state: LogState, held: RememberedLog | undefined, at: GapMoment): GapOutcome {
  const { meta, entries } = state;
  if (meta === undefined) return 'none';
  if (isGap(meta, at)) {
    const gap = gapAfter(state, at.nowMs);
    return continuesGap(entries, gap, held, at.flaw) && at.flaw !== 'every gap is a loss' ? 'continues' : 'begins';
  }
  if (meta.gap === undefined) return 'none';
  if (continuesGap(entries, meta.gap, held, at.flaw) && at.flaw !== 'every gap is a loss') return 'continues';
  return meta.gap.stamp === undefined && at.isHolder && at.nowMs >= meta.gap.untilMs ? 'ended in vain' : 'none';
}

export interface GapMoment {
  readonly nowMs: number;
  readonly isHolder: boolean;
  readonly flaw: Flaw | undefined;
}

function isGap({ heartbeatAtMs }: Meta, { nowMs, flaw }: GapMoment): boolean {
  return heartbeatAtMs !== undefined && nowMs - heartbeatAtMs > maxGapMs && flaw !== 'gap unnoticed';
}

export function gapAfter({ meta, entries }: LogState, nowMs: number): Gap {
  const last = entries.at(-1);
  return { untilMs: nowMs + recoveryWaitMs, id: last?.id ?? 0, head: meta?.head ?? '', stamp: undefined };
}

/** Whether the log before a gap continues what a process remembers. */
export function continuesGap(
  entries: readonly SimEntry[],
  gap: Gap,
  held: RememberedLog | undefined,
  flaw?: Flaw | undefined,
): boolean {
  if (held === undefined || gap.id === 0) return false;
  const { position, earlier, rule } = held;
  const id = Number(position.cursor);
  if (gap.id - id > witnessSpanMs * idsPerMs && flaw !== 'a witness that stopped long before') return false;
  if (id === gap.id) return position.head === gap.head;
  if (id < gap.id) return has(entries, position);
  // The log has lost entries that this process holds. Nothing is lost if all of them are heartbeats.
  if (earlier === undefined || Number(earlier.cursor) > gap.id || !has(entries, earlier)) return false;
  return rule === undefined || Number(rule.cursor) <= Number(earlier.cursor) || has(entries, rule);
}

function has(entries: readonly SimEntry[], mark: { readonly cursor: string; readonly head: string }): boolean {
  const entry = entryAt(entries, mark.cursor);
  return entry !== undefined && linkAfter(entry) === mark.head;
}

function entryAt(entries: readonly SimEntry[], cursor: string): SimEntry | undefined {
  return entries.find(({ id }) => id === Number(cursor));
}

/** `recall` of the scripts, without its writes: whether the log still has the last rule entry that a process remembers. */
export function recall(
  { meta, entries }: LogState,
  { epoch, rule }: RememberedLog,
  act: RecallAct,
  flaw?: Flaw,
): Recalled {
  if (rule === undefined) return 'trimmed';
  if (meta === undefined || meta.epoch !== epoch) return 'other_epoch';
  const mark = markOf(rule);
  const found = entryAt(entries, rule.cursor);
  if (flaw === 'a number alone is remembered') return meta.seq >= mark.seq ? 'continues' : 'lost';
  if (found !== undefined && linkAfter(found) === rule.head) return 'continues';
  if (found === undefined && meta.seq >= mark.seq) {
    const [first] = entries;
    if (first === undefined || (first.id > mark.id && first.seq > mark.seq)) return 'trimmed';
  }
  const covers = act === 'cover' || act === 'cover_all';
  return covers || includes(meta.covered, mark) ? 'covered' : 'lost';
}

export function markOf(rule: NonNullable<RememberedLog['rule']>): Mark {
  return { seq: rule.seq, id: Number(rule.cursor) };
}

/** Whether what is recorded up to one entry includes another. */
export function includes(recorded: Mark | undefined, mark: Mark): boolean {
  return recorded !== undefined && mark.seq <= recorded.seq && mark.id <= recorded.id;
}
