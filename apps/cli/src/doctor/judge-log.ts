import { fixForFeedError, isNoAnswer, readerVersion } from '@revocast/denylist/replica';
import { type Check, declareCheck } from './check.ts';
import type { LogFacts } from './look-at-log.ts';

const reachable = declareCheck('log.reachable', 'an answer', 'check that the log runs and can be reached');
const readable = declareCheck('log.readable', 'permission to read the log', 'read the log of the source');
const present = declareCheck(
  'log.present',
  'a revocation log',
  'start a sidecar, or for a first log run: revocast-sidecar init',
);
const whole = declareCheck(
  'log.whole',
  'a log that is not healing',
  'wait 15 s: the sidecars restore lost rules; for a first log, which has lost nothing, run: revocast-sidecar init',
);
const heartbeat = declareCheck(
  'log.heartbeat',
  'a heartbeat every half second',
  'run a sidecar that may write to this log: without heartbeats no replica can prove that it is complete',
);
const format = declareCheck(
  'log.format',
  'a log format that this version can read',
  'upgrade this program, and every sidecar and process of the same version',
);
const clock = declareCheck(
  'log.clock',
  'within 5 s of this clock',
  'run NTP on both machines: with a difference above one minute, expired rules are no longer removed',
);
const largestOffsetMs = 5000;

/** Whether the log can be followed and is complete. */
export function judgeLog({ kind, failure, health, position, heartbeatAgeMs, clockOffsetMs }: LogFacts): Check[] {
  const fix = fixForFeedError(failure?.code ?? '');
  // The message may end with the fix, which is the remedy of the check.
  const why = failure?.message.replace(`: ${fix}`, '') ?? '';
  if (failure !== undefined && health === undefined && isNoAnswer(failure.code)) {
    return [reachable('unreachable', why, fix)];
  }
  const checks = [reachable('ok', 'reachable')];
  if (failure?.code === 'not_ready') checks.push(readable('ok', 'readable'), present('fail', 'no log yet'));
  else if (failure !== undefined) checks.push(readable('fail', why, fix));
  if (position !== undefined) {
    const { healing, minReader, epoch } = position;
    checks.push(
      readable('ok', 'readable'),
      present('ok', `epoch ${epoch}`),
      healing ? whole('fail', 'healing: it was empty a moment ago') : whole('ok', 'not healing'),
      minReader > readerVersion ? format('fail', `it needs reader version ${minReader}`) : format('ok', 'readable'),
    );
  }
  if (kind === 'redis' && heartbeatAgeMs !== undefined) {
    checks.push(
      heartbeatAgeMs === 'none'
        ? heartbeat('fail', 'none during this check')
        : heartbeat('ok', `the last one ${Math.round(heartbeatAgeMs)} ms ago`),
    );
  }
  // The health of Redis contains a check of its clock already.
  if (health !== undefined) return checks;
  const status = clockOffsetMs === undefined ? 'unknown' : Math.abs(clockOffsetMs) > largestOffsetMs ? 'fail' : 'ok';
  const found =
    clockOffsetMs === undefined ? 'no time in the answer' : `${(clockOffsetMs / 1000).toFixed(1)} s from this clock`;
  return [...checks, clock(status, found)];
}
