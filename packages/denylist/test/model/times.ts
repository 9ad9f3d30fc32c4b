import type { ClockReading } from '../../src/rules/agreed-now.ts';
import type { Rule } from '../../src/rules/rule.ts';
import type { AppendResult, SimRedis } from './sim-redis.ts';

/** Two clocks that are closer than this agree. */
const agreementMs = 60_000;
/** The reading of a lease holder is continued by the log's clock for this long, and that clock may be set meanwhile. */
const readingErrorMs = 2600;
/** Times are stated in whole seconds. */
const roundingMs = 1000;

/** What the clocks were when a publisher made a statement. Taken before it is appended. */
export interface Moment {
  readonly trueMs: number;
  /** How far each independent clock is ahead, that of the log first. */
  readonly errorsMs: readonly number[];
  readonly held: Rule;
}

/** The clocks that can count: the log's, the publisher's, and that of a lease holder on another host. */
export function momentAt(node: SimRedis, writer: ClockReading, at: { trueMs: number; held: Rule }): Moment {
  const { trueMs, held } = at;
  const errorsMs = [node.nowMs() - trueMs, writer.wallMs - trueMs];
  const holder = node.state.meta?.leaseHolder;
  const ageMs = holder === undefined ? Number.POSITIVE_INFINITY : node.nowMs() - holder.logMs;
  if (holder !== undefined && holder.bootId !== writer.bootId && ageMs >= -500 && ageMs <= 2500) {
    // A copy that is as old as the clock of its log is slow looks new, and is slow too: two clocks are wrong.
    errorsMs.push(holder.wallMs + ageMs - trueMs);
  }
  return { trueMs, errorsMs, held };
}

/** What is wrong with the times of an answer, by the clocks that were right. */
export function judgeTimes(
  kind: 'deny' | 'lift' | 'cutoff',
  moment: Moment,
  outcome: AppendResult,
): string | undefined {
  const { trueMs, errorsMs, held } = moment;
  const byError = [...errorsMs].map(Math.abs).sort((a, b) => a - b);
  const isShared = hasPairWithin(errorsMs, agreementMs + readingErrorMs);
  if (outcome === 'clock_disagreement') {
    const mustAgree = hasPairWithin(errorsMs, agreementMs - readingErrorMs);
    return mustAgree ? `I1: a ${kind} is refused, although two clocks agree` : undefined;
  }
  if (kind === 'cutoff' && !isShared) return `I1: a cutoff of now is stated by clocks that disagree`;
  if (outcome === 'cutoff_in_future') return undefined;
  // Between two clocks lies the median of three. Without agreement the earliest or the latest clock is taken.
  const nearestMs = byError[isShared ? 1 : 0]! + readingErrorMs + roundingMs;
  const { issuedUpTo, denialStamp, liftedUpTo } = outcome.rule;
  const aheadMs = (seconds: number) => seconds * 1000 - trueMs;
  if (kind === 'cutoff' && issuedUpTo > held.issuedUpTo)
    return outside('cutoff', aheadMs(issuedUpTo) - skewMs, nearestMs);
  if (kind === 'deny') {
    const isForced = denialStamp === held.denialStamp || denialStamp === held.liftedUpTo + 1;
    const ms = aheadMs(denialStamp);
    if (isForced || !isShared) return ms < -nearestMs ? `I1: a denial is stamped ${-ms} ms late` : undefined;
    return outside('stamp', ms, nearestMs);
  }
  if (kind === 'lift' && held.denialStamp === 0 && aheadMs(liftedUpTo) > nearestMs && liftedUpTo > held.liftedUpTo) {
    return `I3: a lift of nothing is stamped ${aheadMs(liftedUpTo)} ms ahead`;
  }
  return undefined;
}

/** What the log adds to a cutoff of now, in milliseconds. */
const skewMs = 5000;

function outside(what: string, ms: number, nearestMs: number): string | undefined {
  return Math.abs(ms) > nearestMs
    ? `I1: a ${what} is ${ms} ms ahead, and two clocks are right to ${nearestMs} ms`
    : undefined;
}

function hasPairWithin(errorsMs: readonly number[], ms: number): boolean {
  return errorsMs.some((a, at) => errorsMs.slice(at + 1).some((b) => Math.abs(a - b) <= ms));
}
