import type { Dimension } from '../rules/revocation.ts';
import { type AppendRequest, LogError } from './revocation-log.ts';

/** A rule of one of these dimensions denies the tokens of many users. */
export const broadDimensions = ['client', 'tenant', 'key', 'issuer'] as const satisfies readonly Dimension[];

/** Broad revocations per minute, unless the publisher sets another limit. */
export const defaultBroadRulesPerMinute = 60;
/** A window begins with the first broad revocation after the end of the one before. */
export const broadWindowMs = 60_000;

/** The broad revocations of all publishers, counted by the log with its own clock. */
export interface BroadRuleWindow {
  readonly fromMs: number;
  readonly count: number;
}

/**
 * The number of broad revocations in a window up to which the log accepts this one.
 *
 * @returns undefined for a request that is neither limited nor counted: a narrow revocation, a lift, a re-seed, and one
 *          with the limit `Infinity`, so that a deliberate mass revocation does not block other publishers.
 */
export function broadLimitOf({ statement, details, broadRulesPerMinute }: AppendRequest): number | undefined {
  const isDenial = statement.kind === 'deny' || statement.kind === 'cutoff';
  const isBroad = broadDimensions.some((broad) => broad === details.dimension);
  const limit = broadRulesPerMinute ?? defaultBroadRulesPerMinute;
  return isDenial && isBroad && Number.isFinite(limit) ? limit : undefined;
}

/**
 * The window after one more broad revocation. The script in Redis computes the same.
 *
 * @returns milliseconds to wait, when the window is full.
 */
export function countBroadRule(held: BroadRuleWindow, limit: number, nowMs: number): BroadRuleWindow | number {
  const endsAtMs = held.fromMs + broadWindowMs;
  // A window that begins in the future comes from a clock that was set back since: it would not end for that long.
  if (nowMs < held.fromMs || nowMs >= endsAtMs) return { fromMs: nowMs, count: 1 };
  return held.count >= limit ? endsAtMs - nowMs : { fromMs: held.fromMs, count: held.count + 1 };
}

export function tooManyBroadRules(limit: number, waitMs: number): LogError {
  return new LogError(
    'too_many_broad_rules',
    `nothing was revoked: expected at most ${limit} revocations of a ${broadDimensions.join(', ')} per minute; ` +
      `wait ${Math.ceil(waitMs / 1000)} s, or raise broadRulesPerMinute (revocast revoke: --yes) if more are intended`,
  );
}
