import { reportLifetimeMs } from '../../src/log/reader.ts';
import type { Flaw } from './flaws.ts';
import { dayMs, type ReaderRow } from './reader-registry.ts';
import { maxLagMs } from './sim-cluster.ts';
import { linkAfter, type RegistryLine, type SimRedis } from './sim-redis.ts';

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
  const { meta, lines, entries } = node.state;
  const { flaw, monotonicMs } = ask;
  if (meta === undefined || meta.epoch !== appended.epoch) return false;
  const stands = (id: number, head: string) => entries.some((entry) => entry.id === id && linkAfter(entry) === head);
  if (!stands(appended.id, appended.head)) return false;
  const rows = [...lines.values()].flatMap((line) => rowsOf(line, node.nowMs() - line.writtenAtMs));
  if (!isSteady(node, rows) && flaw !== 'everywhere on an unsteady log') return false;

  const isMissing = ({ row, line }: DatedRow) => {
    const comparable = line.epoch === appended.epoch && stands(Number(line.cursor), line.head);
    return !comparable || row.cursor === undefined || Number(row.cursor) < appended.id;
  };
  const remembered = rows.filter(({ row, ageMs }) => ageMs <= (row.failOpen ? dayMs : silenceMs(row)));
  if (remembered.some(isMissing)) return false;
  const mayUseMemo = rows.some(({ row, ageMs }) => row.lookUp && ageMs <= dayMs);
  const memosEnd = appended.monotonicMs + memoMs + memoMarginMs;
  if (mayUseMemo && monotonicMs < memosEnd && flaw !== 'everywhere before memos end') return false;
  return remembered.some(({ row }) => !row.isServer);
}

/**
 * Whether every reader that may be fresh has a line in this registry. A failover, a restart or a loss of the log can
 * remove lines. It also interrupts the heartbeats, and after a while without interruption a reader without a line is
 * stale. A cut-off primary has no recent heartbeat.
 */
function isSteady(node: SimRedis, rows: readonly DatedRow[]): boolean {
  const { heartbeatAtMs = Number.NEGATIVE_INFINITY, steadySinceMs = Number.POSITIVE_INFINITY } = node.state.meta ?? {};
  const beatAgeMs = node.nowMs() - heartbeatAtMs;
  const longestMs = Math.max(0, ...rows.map(({ row }) => silenceMs(row)));
  return beatAgeMs >= 0 && beatAgeMs <= beatLimitMs && node.nowMs() - steadySinceMs > longestMs + maxLagMs;
}

export interface AskEverywhere {
  readonly flaw: Flaw | undefined;
  readonly monotonicMs: number;
}

interface DatedRow {
  readonly row: ReaderRow;
  readonly line: RegistryLine;
  readonly ageMs: number;
}

function rowsOf(line: RegistryLine, ageMs: number): readonly DatedRow[] {
  return line.rows.map((row) => ({ row, line, ageMs }));
}

/** After this long without a word from its server, a strict replica refuses what it does not know. */
function silenceMs({ maxStalenessMs }: ReaderRow): number {
  return maxStalenessMs + reportLifetimeMs;
}
