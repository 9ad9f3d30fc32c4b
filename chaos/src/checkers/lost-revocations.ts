import type { CheckpointRecord } from '../history.ts';
import { decodeVerdicts } from '../verdict-letters.ts';
import { within } from './late-accepts.ts';
import { denialsOwed, type Obligation } from './obligations.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

/**
 * I3: no revocation is lost that all redis replicas confirmed, or that a running sidecar connected to the log applied.
 * After the checkpoint every process denies it, also a newly started one. A process that denied a token does not accept
 * it again without a lift.
 */
export function checkLostRevocations(timeline: Timeline): Violation[] {
  const { boundMs } = timeline.run;
  const checkpoint = timeline.records.find((record): record is CheckpointRecord => record.kind === 'checkpoint');
  const settledMs = checkpoint?.atMs ?? Number.POSITIVE_INFINITY;
  const owedBy = new Map<number, Obligation[]>();
  for (const token of timeline.statements.keys()) owedBy.set(token, denialsOwed(timeline, token));
  const violations = new Map<string, Violation>();
  const denied = new Map<string, Map<number, number>>();

  for (const probe of timeline.probes) {
    const who = `${probe.who} (life ${probe.life}, via ${probe.via})`;
    const deniedHere = denied.get(who) ?? new Map<number, number>();
    denied.set(who, deniedHere);
    const settled = probe.startMs > settledMs;
    for (const { letter, from, count } of decodeVerdicts(probe.verdicts, probe.from)) {
      for (const [token, obligations] of within(owedBy, from, count)) {
        if (letter === 'r') deniedHere.set(token, probe.endMs);
        if (letter !== 'a' && letter !== 'A') continue;
        const deniedAtMs = deniedHere.get(token);
        for (const { statement, sinceMs, endsMs } of obligations) {
          if (probe.startMs >= endsMs) continue;
          const lost = settled && probe.startMs > sinceMs + boundMs;
          const acceptedAgain = letter === 'a' && deniedAtMs !== undefined && deniedAtMs >= statement.startedMs;
          if (!lost && !acceptedAgain) continue;
          violations.set(`${who} ${token}`, {
            checked: 'I3',
            what: `${who} ${lost ? 'accepts' : 'accepted after denying it'} token ${token}, whose ${statement.dimension} is revoked: the revocation was lost`,
          });
        }
      }
    }
  }
  return [...violations.values()];
}
