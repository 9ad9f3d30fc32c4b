import { isNoAnswer, readerVersion } from '@revocast/denylist/replica';
import { type Check, hidden, ill, type Question, silent, well } from './check.ts';
import type { LogFacts } from './look-at-log.ts';

const reachable: Question = {
  name: 'log.reachable',
  expected: 'an answer',
  remedy: 'check that the server runs, that the address is right, and that no firewall or network policy is between',
};
const readable: Question = {
  name: 'log.readable',
  expected: 'a user who may read the log',
  remedy: 'give this user the rights of the user `sidecar` in docs/redis.md',
};
const present: Question = {
  name: 'log.present',
  expected: 'a revocation log',
  remedy: 'start a sidecar, or declare a first log whole: revocast-sidecar init',
};
const whole: Question = {
  name: 'log.whole',
  expected: 'a log that is whole',
  remedy:
    'wait 15 s: sidecars give back what was lost; a first log, of which nothing can be lost, is declared whole by: revocast-sidecar init',
};
const heartbeat: Question = {
  name: 'log.heartbeat',
  expected: 'a heartbeat every half second',
  remedy:
    'run a sidecar that may write to this log: without heartbeats no process can tell a quiet log from a dead one',
};
const format: Question = {
  name: 'log.format',
  expected: 'a log that this version reads',
  remedy: 'upgrade this program, and every sidecar and process of its version',
};
const clock: Question = {
  name: 'log.clock',
  expected: 'within 5 s of this clock',
  remedy: 'run NTP on both machines: beyond a minute of difference no ended rule is forgotten any more',
};
const largestOffsetMs = 5000;

/** Whether the log can be followed, and says that it is complete. */
export function judgeLog({ kind, failure, health, position, heartbeatAgeMs, clockOffsetMs }: LogFacts): Check[] {
  if (failure !== undefined && health === undefined && isNoAnswer(failure.code)) {
    return [silent(reachable, failure.message)];
  }
  const checks = [well(reachable, 'reachable')];
  if (failure?.code === 'not_ready') checks.push(well(readable, 'readable'), ill(present, 'fail', 'none yet'));
  else if (failure !== undefined) checks.push(ill(readable, 'fail', failure.message));
  if (position !== undefined) {
    const { healing, minReader } = position;
    checks.push(
      well(readable, 'readable'),
      well(present, `history ${position.epoch}`),
      healing ? ill(whole, 'fail', 'healing: it began empty a moment ago') : well(whole, 'whole'),
      minReader > readerVersion
        ? ill(format, 'fail', `it needs reader version ${minReader}`)
        : well(format, 'readable'),
    );
  }
  if (kind === 'redis' && heartbeatAgeMs !== undefined) {
    checks.push(
      heartbeatAgeMs === 'none'
        ? ill(heartbeat, 'fail', 'none while looking')
        : well(heartbeat, `one of ${Math.round(heartbeatAgeMs)} ms ago`),
    );
  }
  // Where Redis could be asked for its setup, the clock is among the answers.
  if (health === undefined) checks.push(...judgeClock(clockOffsetMs));
  return checks;
}

function judgeClock(clockOffsetMs: number | undefined): Check[] {
  if (clockOffsetMs === undefined) return [hidden(clock, 'it does not say what time it is')];
  const found = `${(clockOffsetMs / 1000).toFixed(1)} s from this clock`;
  return [Math.abs(clockOffsetMs) > largestOffsetMs ? ill(clock, 'fail', found) : well(clock, found)];
}
