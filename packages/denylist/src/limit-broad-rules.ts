import type { Clock } from './clock.ts';
import type { Dimension } from './revocation.ts';
import { LogError, type RevocationLog } from './revocation-log.ts';

/** A rule of these dimensions ends the tokens of many people at once. */
export const broadDimensions = ['client', 'tenant', 'key', 'issuer'] as const satisfies readonly Dimension[];

/** Broad revocations a minute, unless configured. */
export const defaultBroadRulesPerMinute = 60;

export interface BroadRuleLimit {
  readonly clock: Clock;
  /** In any 60 seconds; {@link defaultBroadRulesPerMinute}. `Infinity` lifts the limit. */
  readonly perMinute?: number;
}

const windowMs = 60_000;

/**
 * A log that takes only so many broad revocations a minute: a loop gone wrong logs out one client, not all of them.
 * Narrow ones, lifts and re-seeds are never held up.
 *
 * @returns a log whose `append` throws LogError `too_many_broad_rules`, before anything is sent, once the number is reached.
 */
export function limitBroadRules(log: RevocationLog, limit: BroadRuleLimit): RevocationLog {
  const { clock, perMinute = defaultBroadRulesPerMinute } = limit;
  /** When the latest ones were let through, oldest first; never more than `perMinute`. */
  const passed: number[] = [];
  return {
    ...log,
    async append(request) {
      const { kind, dimension } = request.details;
      const isBroad = broadDimensions.some((broad) => broad === dimension);
      if (isBroad && kind === 'revoke' && request.statement.kind !== 'seed' && Number.isFinite(perMinute)) {
        const now = clock.monotonicMs();
        while (passed[0] !== undefined && now - passed[0] >= windowMs) passed.shift();
        if (passed.length >= perMinute) throw tooMany(perMinute, windowMs - (now - (passed[0] ?? now)));
        passed.push(now);
      }
      return await log.append(request);
    },
  };
}

function tooMany(perMinute: number, waitMs: number): LogError {
  return new LogError(
    'too_many_broad_rules',
    `nothing was revoked: ${perMinute} revocations of a ${broadDimensions.join(', ')} went out within a minute; ` +
      `wait ${Math.ceil(waitMs / 1000)} s, or raise broadRulesPerMinute if that many are meant`,
  );
}
