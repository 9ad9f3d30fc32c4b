import type { LossRecord, StatementRecord } from '../history.ts';
import type { Timeline } from './timeline.ts';

/** From when to when a token must be denied, or must not be; and the gaps that a loss of the log excuses. */
export interface Obligation {
  readonly statement: StatementRecord;
  /** When the statement was acknowledged. */
  readonly sinceMs: number;
  /** When the promise ends: by a lift, by its own end, or because a rule that no process held was lost. */
  readonly endsMs: number;
  /** Covered by survivors, so it must come back: until then the bound is longer. */
  readonly excused: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** Applied for certain, whatever its copies. */
function isApplied({ outcome }: Pick<StatementRecord, 'outcome'>): boolean {
  return outcome === 'acknowledged' || outcome === 'not_durable';
}

/** Applied, or unknown. */
export function mayBeApplied({ outcome }: Pick<StatementRecord, 'outcome'>): boolean {
  return isApplied({ outcome }) || outcome === 'outcome_unknown';
}

const sameValue = (a: StatementRecord, b: StatementRecord) => a.token === b.token && a.dimension === b.dimension;

/** What every acknowledged revocation of this token requires of every process. */
export function denialsOwed(timeline: Timeline, token: number): Obligation[] {
  const statements = timeline.statements.get(token) ?? [];
  return statements
    .filter((statement) => statement.what === 'revoke' && isApplied(statement))
    .map((revoke) => {
      const lifts = statements.filter(
        (lift) => lift.what === 'lift' && sameValue(lift, revoke) && mayBeApplied(lift) && revoke.effect === 'denial',
      );
      // A lift ends what it saw. One that was answered before this revocation began cannot have seen it.
      const endings = lifts.filter((lift) => lift.endedMs >= revoke.startedMs).map((lift) => lift.startedMs);
      return owed(timeline, revoke, [...endings, revoke.untilMs ?? Number.POSITIVE_INFINITY], 'r');
    });
}

/** What every acknowledged lift of this token requires of every process: no denial that the lift ended, unless it is stated again. */
export function acceptancesOwed(timeline: Timeline, token: number): Obligation[] {
  const statements = timeline.statements.get(token) ?? [];
  return statements
    .filter((statement) => statement.what === 'lift' && isApplied(statement))
    .flatMap((lift) => {
      const others = statements.filter((other) => other.what === 'revoke' && mayBeApplied(other));
      // Denied by another value, by a cutoff, or by a revocation under way at the same time: then nothing is owed.
      const open = others.some(
        (other) =>
          !(sameValue(other, lift) && other.effect === 'denial') ||
          (other.endedMs >= lift.startedMs && other.startedMs <= lift.endedMs),
      );
      if (open) return [];
      const endings = others.filter((other) => other.startedMs > lift.endedMs).map((other) => other.startedMs);
      return [owed(timeline, lift, endings, 'a')];
    });
}

function owed(
  timeline: Timeline,
  statement: StatementRecord,
  endings: readonly number[],
  shows: 'r' | 'a',
): Obligation {
  const { boundMs } = timeline.run;
  let endsMs = Math.min(...endings, Number.POSITIVE_INFINITY);
  const excused: { fromMs: number; toMs: number }[] = [];
  for (const loss of timeline.losses) {
    if (loss.doneMs < statement.startedMs) continue;
    if (isCovered(timeline, statement, loss, shows)) {
      excused.push({ fromMs: loss.atMs, toMs: loss.untilMs + boundMs });
    } else {
      endsMs = Math.min(endsMs, loss.atMs);
    }
  }
  return { statement, sinceMs: statement.endedMs, endsMs, excused };
}

/** I3's own words: acknowledged by all redis replicas, or applied by one living sidecar connected to the log. */
function isCovered(timeline: Timeline, statement: StatementRecord, loss: LossRecord, shows: 'r' | 'a'): boolean {
  const { outcome, redisReplicas, token, startedMs } = statement;
  if (loss.alsoHeld.includes(token)) return true;
  if (loss.replicasSurvive && outcome === 'acknowledged' && redisReplicas > 0) return true;
  return timeline.beganToShow(token, shows, loss.survivors, startedMs) < loss.atMs;
}

/** Whether the obligation binds at `atMs`, when `allowedMs` are allowed for it to be carried out. */
export function binds(obligation: Obligation, atMs: number, allowedMs: number): boolean {
  if (atMs <= obligation.sinceMs + allowedMs || atMs >= obligation.endsMs) return false;
  return !obligation.excused.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs);
}
