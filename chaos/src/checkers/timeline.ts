import type { HistoryRecord, LossRecord, ProbeRecord, RunRecord, StatementRecord } from '../history.ts';
import { decodeVerdicts, type VerdictLetter } from '../verdict-letters.ts';

/** The records of one run, indexed for the checkers. */
export interface Timeline {
  readonly run: RunRecord;
  readonly records: readonly HistoryRecord[];
  readonly probes: readonly ProbeRecord[];
  readonly losses: readonly LossRecord[];
  /** Statements by the token they name, in order of their start. */
  readonly statements: ReadonlyMap<number, readonly StatementRecord[]>;
  /**
   * The first time, not before `sinceMs`, at which a process behind one of these sidecars gave this verdict; Infinity if
   * none did. Only a verdict proves that the sidecar holds the rule.
   */
  beganToShow(token: number, letter: VerdictLetter, via: readonly string[], sinceMs: number): number;
}

/** @throws Error when the run record is missing. */
export function readTimeline(records: readonly HistoryRecord[]): Timeline {
  const run = records.find((record) => record.kind === 'run');
  if (run === undefined) throw new Error('the history has no run record');
  const statements = new Map<number, StatementRecord[]>();
  for (const record of records) {
    if (record.kind !== 'statement') continue;
    const list = statements.get(record.token) ?? [];
    list.push(record);
    statements.set(record.token, list);
  }
  for (const list of statements.values()) list.sort((a, b) => a.startedMs - b.startedMs);
  const probes = records.filter((record) => record.kind === 'probe').sort((a, b) => a.startMs - b.startMs);
  const losses = records.filter((record) => record.kind === 'loss');
  // Built on first use: only losses need it, and it takes a pass over all verdicts.
  let beginnings: Beginnings | undefined;
  return {
    run,
    records,
    probes,
    losses,
    statements,
    beganToShow(token, letter, via, sinceMs) {
      beginnings ??= readBeginnings(probes);
      const shown = beginnings.get(token) ?? [];
      const found = shown.find((seen) => seen.letter === letter && seen.atMs >= sinceMs && via.includes(seen.via));
      return found?.atMs ?? Number.POSITIVE_INFINITY;
    },
  };
}

type Beginnings = Map<number, { readonly atMs: number; readonly letter: VerdictLetter; readonly via: string }[]>;

function readBeginnings(probes: readonly ProbeRecord[]): Beginnings {
  const beginnings: Beginnings = new Map();
  const last = new Map<string, VerdictLetter[]>();
  for (const { who, life, via, endMs, verdicts, from } of probes) {
    const key = `${who}.${life}`;
    const letters = last.get(key) ?? [];
    last.set(key, letters);
    for (const run of decodeVerdicts(verdicts, from)) {
      for (let token = run.from; token < run.from + run.count; token++) {
        if (letters[token] === run.letter) continue;
        letters[token] = run.letter;
        const list = beginnings.get(token) ?? [];
        list.push({ atMs: endMs, letter: run.letter, via });
        beginnings.set(token, list);
      }
    }
  }
  return beginnings;
}
