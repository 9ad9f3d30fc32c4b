import { decodeVerdicts } from '../verdict-letters.ts';
import { binds, denialsOwed, type Obligation } from './obligations.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

export interface LateAccepts {
  readonly violations: readonly Violation[];
  /** The longest time from an acknowledgement to a later accept, within the bound or not. */
  readonly worstMs: number;
}

/**
 * I1: no process accepts a token later than the bound after `revoke()` was acknowledged, unless the policy accepts it.
 *
 * The time of a probe is read *before* its checks, and that of the acknowledgement *after* its arrival. Both make a
 * delay look shorter, so every violation is certain, and no tolerance for slow machines is needed.
 */
export function checkLateAccepts(timeline: Timeline): LateAccepts {
  const { boundMs } = timeline.run;
  const owedBy = new Map<number, Obligation[]>();
  for (const token of timeline.statements.keys()) owedBy.set(token, denialsOwed(timeline, token));
  const violations = new Map<string, Violation>();
  let worstMs = 0;
  for (const probe of timeline.probes) {
    for (const { letter, from, count } of decodeVerdicts(probe.verdicts, probe.from)) {
      if (letter !== 'a' && letter !== 'A') continue;
      for (const [token, obligations] of within(owedBy, from, count)) {
        for (const obligation of obligations) {
          if (!binds(obligation, probe.startMs, 0)) continue;
          const lateMs = probe.startMs - obligation.sinceMs;
          worstMs = Math.max(worstMs, lateMs);
          if (lateMs <= boundMs) continue;
          const { dimension } = obligation.statement;
          violations.set(`${probe.who}.${probe.life} ${token}`, {
            checked: 'I1',
            what: `${probe.who} (life ${probe.life}, via ${probe.via}) accepted token ${token} ${Math.round(lateMs)} ms after its ${dimension} was revoked; the bound is ${boundMs} ms`,
          });
        }
      }
    }
  }
  return { violations: [...violations.values()], worstMs };
}

/** Entries of `map` whose key is in the range. Iterates over the smaller of the map and the range. */
export function* within<T>(map: ReadonlyMap<number, T>, from: number, count: number): Iterable<[number, T]> {
  if (count > map.size) {
    for (const [token, value] of map) if (token >= from && token < from + count) yield [token, value];
    return;
  }
  for (let token = from; token < from + count; token++) {
    const value = map.get(token);
    if (value !== undefined) yield [token, value];
  }
}
