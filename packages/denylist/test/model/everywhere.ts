import { reportLifetimeMs } from '../../src/log/reader.ts';
import type { Flaw } from './flaws.ts';
import { dayMs, type ReaderRow } from './reader-registry.ts';
import { maxLagMs } from './sim-cluster.ts';
import { type LogState, linkAfter, type RegistryLine, type SimRedis } from './sim-redis.ts';

/** Where a statement was appended. */
export interface Appended {
  readonly epoch: string;
  /** The entry of the stream. */
  readonly id: number;
  readonly head: string;
  readonly monotonicMs: number;
}

/** A memo of a look-up answers for a second, counted from before it was asked for. */
export const memoMs = 1000;
const memoMarginMs = 100;
/** A log that is beaten at all has a younger heartbeat. */
const beatLimitMs = 2000;

/**
 * `enforcedEverywhere`, asked of one Redis now: whether every reader that could still answer "active" has applied the
 * entry. `false` also stands for "cannot tell".
 */
export function isEnforcedEverywhere(node: SimRedis, appended: Appended, ask: AskEverywhere): boolean {
  const { meta, lines } = node.state;
  const { flaw, monotonicMs } = ask;
  if (meta === undefined || meta.epoch !== appended.epoch) return false;
  if (!stands(node.state, appended)) return false;
  const rows = [...lines.values()].flatMap((line) => rowsOf(line, agesOf(line, node, ask)));
  if (!isSteady(node, rows, flaw) && flaw !== 'everywhere on an unsteady log') return false;

  const isMissing = ({ row, line }: DatedRow) => {
    const comparable =
      line.epoch === appended.epoch && stands(node.state, { id: Number(line.cursor), head: line.head });
    return !comparable || row.cursor === undefined || Number(row.cursor) < appended.id;
  };
  const remembered = rows.filter(({ row, ageMs, steadyAgeMs }) =>
    row.failOpen ? ageMs <= dayMs : steadyAgeMs <= silenceMs(row),
  );
  if (remembered.some(isMissing)) return false;
  const mayUseMemo = rows.some(({ row, ageMs }) => row.lookUp && ageMs <= dayMs);
  const memosEnd = appended.monotonicMs + memoMs + memoMarginMs;
  if (mayUseMemo && monotonicMs < memosEnd && flaw !== 'everywhere before memos end') return false;
  return remembered.some(({ row }) => !row.isServer);
}

/** Whether a log has this entry, with the same history before it. */
export function stands({ entries }: LogState, { id, head }: Pick<Appended, 'id' | 'head'>): boolean {
  return entries.some((entry) => entry.id === id && linkAfter(entry) === head);
}

/**
 * A log is steady for longer than a strict reader may be silent, and its clock was not set meanwhile: a line that it did
 * not date in this time is older. What counts for a day is dated by the log or by wall clocks, whichever is less, so that
 * a clock that is set makes no line old.
 */
function agesOf(
  { writtenAtMs, wallMs }: RegistryLine,
  node: SimRedis,
  { flaw, wallMs: askedAtMs }: AskEverywhere,
): Ages {
  const byLog = node.nowMs() - writtenAtMs;
  const { steadySinceMs = 0 } = node.state.meta ?? {};
  const isSteady = (byLog >= 0 && writtenAtMs >= steadySinceMs) || flaw === 'everywhere on an unsteady log';
  const steadyAgeMs = isSteady || flaw === 'age of a line by the smaller difference' ? byLog : Number.POSITIVE_INFINITY;
  if (flaw === 'age of a line by the log alone') return { steadyAgeMs, ageMs: byLog };
  const ages = [byLog, askedAtMs - wallMs].filter((ms) => ms >= 0);
  return { steadyAgeMs, ageMs: ages.length === 0 ? 0 : Math.min(...ages) };
}

/**
 * Whether every reader that may be fresh has a line in this registry. A failover, a restart or a loss of the log can
 * remove lines. It also interrupts the heartbeats, and after a while without interruption a reader without a line is
 * stale. A cut-off primary has no recent heartbeat.
 */
function isSteady(node: SimRedis, rows: readonly DatedRow[], flaw: Flaw | undefined): boolean {
  const { meta } = node.state;
  const { heartbeatAtMs = Number.NEGATIVE_INFINITY, steadySinceMs = Number.POSITIVE_INFINITY } = meta ?? {};
  // A sidecar of the last release writes heartbeats and notices no pause between them.
  const isWatched = heartbeatAtMs === meta?.ownBeatAtMs || flaw === 'steady by beats of the last release';
  const beatAgeMs = node.nowMs() - heartbeatAtMs;
  const longestMs = Math.max(0, ...rows.map(({ row }) => silenceMs(row)));
  return isWatched && beatAgeMs >= 0 && beatAgeMs <= beatLimitMs && node.nowMs() - steadySinceMs > longestMs + maxLagMs;
}

export interface AskEverywhere {
  readonly flaw: Flaw | undefined;
  readonly monotonicMs: number;
  /** Of the publisher that asks. */
  readonly wallMs: number;
}

interface Ages {
  readonly ageMs: number;
  readonly steadyAgeMs: number;
}

interface DatedRow extends Ages {
  readonly row: ReaderRow;
  readonly line: RegistryLine;
}

function rowsOf(line: RegistryLine, ages: Ages): readonly DatedRow[] {
  return line.rows.map((row) => ({ row, line, ...ages }));
}

/** After this long without a word from its server, a strict replica refuses what it does not know. */
function silenceMs({ maxStalenessMs }: ReaderRow): number {
  return maxStalenessMs + reportLifetimeMs;
}
