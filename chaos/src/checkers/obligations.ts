import type { LossRecord, StatementRecord } from '../history.ts';
import type { Timeline } from './timeline.ts';

/** A period in which a token must be denied, or must be accepted, with the exceptions after losses of the log. */
export interface Obligation {
  readonly statement: StatementRecord;
  /** When the statement was acknowledged. */
  readonly sinceMs: number;
  /** The end: a lift, the expiry of the denial, or a loss of the log when no process held the rule. */
  readonly endsMs: number;
  /** Periods after a loss in which survivors write the rule back, and the obligation does not bind. */
  readonly excused: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** Certainly applied, on any number of copies. */
function isApplied({ outcome }: Pick<StatementRecord, 'outcome'>): boolean {
  return outcome === 'acknowledged' || outcome === 'not_durable';
}

/** Applied, or unknown. */
export function mayBeApplied({ outcome }: Pick<StatementRecord, 'outcome'>): boolean {
  return isApplied({ outcome }) || outcome === 'outcome_unknown';
}

const sameValue = (a: StatementRecord, b: StatementRecord) => a.token === b.token && a.dimension === b.dimension;

/** One obligation to deny this token for each acknowledged revocation. */
export function denialsOwed(timeline: Timeline, token: number): Obligation[] {
  const statements = timeline.statements.get(token) ?? [];
  return statements
    .filter((statement) => statement.what === 'revoke' && isApplied(statement))
    .map((revoke) => {
      const lifts = statements.filter(
        (lift) => lift.what === 'lift' && sameValue(lift, revoke) && mayBeApplied(lift) && revoke.effect === 'denial',
      );
      // A lift that was answered before this revocation began cannot have ended it.
      const endings = lifts.filter((lift) => lift.endedMs >= revoke.startedMs).map((lift) => lift.startedMs);
      return owed(timeline, revoke, [...endings, revoke.untilMs ?? Number.POSITIVE_INFINITY], 'r');
    });
}

/** One obligation to accept this token for each acknowledged lift, until the token is revoked again. */
export function acceptancesOwed(timeline: Timeline, token: number): Obligation[] {
  const statements = timeline.statements.get(token) ?? [];
  return statements
    .filter((statement) => statement.what === 'lift' && isApplied(statement))
    .flatMap((lift) => {
      const others = statements.filter((other) => other.what === 'revoke' && mayBeApplied(other));
      // No obligation if another value, a cutoff or a revocation concurrent with the lift may deny the token.
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

/** The condition of I3: confirmed by all redis replicas, or applied by a running sidecar connected to the log. */
function isCovered(timeline: Timeline, statement: StatementRecord, loss: LossRecord, shows: 'r' | 'a'): boolean {
  const { outcome, redisReplicas, token, startedMs } = statement;
  if (loss.alsoHeld.includes(token)) return true;
  if (loss.replicasSurvive && outcome === 'acknowledged' && redisReplicas > 0) return true;
  return timeline.beganToShow(token, shows, loss.survivors, startedMs) < loss.atMs;
}

/** Whether the obligation must be met at `atMs`, if processes have `allowedMs` to meet it. */
export function binds(obligation: Obligation, atMs: number, allowedMs: number): boolean {
  if (atMs <= obligation.sinceMs + allowedMs || atMs >= obligation.endsMs) return false;
  return !obligation.excused.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs);
}
