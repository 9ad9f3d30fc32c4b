import type { Dimension } from '../rules/revocation.ts';
import { type AppendRequest, LogError } from './revocation-log.ts';

/** A rule of these dimensions ends the tokens of many people at once. */
export const broadDimensions = ['client', 'tenant', 'key', 'issuer'] as const satisfies readonly Dimension[];

/** Broad revocations a minute, unless the publisher says otherwise. */
export const defaultBroadRulesPerMinute = 60;
/** A window begins with the first broad revocation after the last one ended. */
export const broadWindowMs = 60_000;

/** The broad revocations of all publishers of a log, as the log counts them with its own clock. */
export interface BroadRuleWindow {
  readonly fromMs: number;
  readonly count: number;
}

/**
 * How many broad revocations the log may hold in a window for it to take this one.
 *
 * @returns undefined for what is never held up and never counted: narrow revocations, lifts, re-seeds, and whoever said
 *          `Infinity`, so that a job that means it does not hold up the others.
 */
export function broadLimitOf({ statement, details, broadRulesPerMinute }: AppendRequest): number | undefined {
  const isDenial = statement.kind === 'deny' || statement.kind === 'cutoff';
  const isBroad = broadDimensions.some((broad) => broad === details.dimension);
  const limit = broadRulesPerMinute ?? defaultBroadRulesPerMinute;
  return isDenial && isBroad && Number.isFinite(limit) ? limit : undefined;
}

/**
 * The window after one more. The script in Redis computes the same.
 *
 * @returns how long to wait, in milliseconds, when it is full.
 */
export function countBroadRule(held: BroadRuleWindow, limit: number, nowMs: number): BroadRuleWindow | number {
  const endsAtMs = held.fromMs + broadWindowMs;
  // A window of the future was begun by a clock that has been set back: it would count for as long as that was ahead.
  if (nowMs < held.fromMs || nowMs >= endsAtMs) return { fromMs: nowMs, count: 1 };
  return held.count >= limit ? endsAtMs - nowMs : { fromMs: held.fromMs, count: held.count + 1 };
}

export function tooManyBroadRules(limit: number, waitMs: number): LogError {
  return new LogError(
    'too_many_broad_rules',
    `nothing was revoked: the log has taken ${limit} revocations of a ${broadDimensions.join(', ')} within a minute; ` +
      `wait ${Math.ceil(waitMs / 1000)} s, or raise broadRulesPerMinute (revocast revoke: --yes) if that many are meant`,
  );
}
