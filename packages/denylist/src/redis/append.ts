import { type Clock, readClock } from '../clock.ts';
import { broadLimitOf } from '../log/broad-rules.ts';
import { FeedError } from '../log/feed.ts';
import { loggedDetails } from '../log/logged-denial.ts';
import type { AppendRequest, LostRule } from '../log/revocation-log.ts';
import type { ClockReading } from '../rules/agreed-now.ts';
import { digestToBytes } from '../rules/digest.ts';
import { defaultMaxTokenLifetimeSeconds } from '../rules/rule.ts';
import { fingerprintOf, type Statement } from '../rules/statement.ts';
import { randomHex } from '../system-clock.ts';
import type { RedisConnection } from './client.ts';
import { readArray, readText } from './connection/replies.ts';
import { keys } from './keys.ts';
import { appendScript } from './scripts/append.ts';

/** How long the stream keeps entries; a reader that was away longer takes a snapshot. */
export const logRetentionMs = 3_600_000;
/** Few at a time, so that a new revocation does not wait behind a million restored ones. */
const inFlight = 100;

/** Merges one statement into the log; a re-seed uses it too. `writer`: read just before. */
export async function runAppend(
  redis: RedisConnection,
  request: AppendRequest,
  writer: ClockReading,
): Promise<readonly unknown[]> {
  const { digest, statement, details } = request;
  const args = [
    randomHex(8), // the epoch, which the script uses only when there is no log yet
    defaultMaxTokenLifetimeSeconds,
    logRetentionMs,
    statement.kind === 'seed' ? '' : details.id,
    digestToBytes(digest),
    statement.kind,
    ...numbersOf(statement),
    JSON.stringify(loggedDetails(request)),
    broadLimitOf(request) ?? '',
    fingerprintOf(digest, statement),
    ...clockArguments(writer),
    request.expectLog ?? '',
  ];
  return readArray(await redis.run(appendScript, [keys.rules, keys.log, keys.meta, keys.ids], args), 'append');
}

/** The last two arguments of every script that states something at a time. */
export function clockArguments({ wallMs, bootId }: ClockReading): [number, string] {
  return [Math.round(wallMs), bootId];
}

function numbersOf(statement: Statement): [number, number, number, number] {
  switch (statement.kind) {
    case 'deny':
      return [statement.until === 'longest-token' ? -1 : statement.until, 0, 0, 0];
    case 'cutoff':
      return [statement.issuedUpTo === 'now' ? -1 : statement.issuedUpTo, 0, 0, 0];
    case 'lift':
      return [0, 0, 0, 0];
    case 'seed': {
      const { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } = statement.rule;
      return [deniedUntil, issuedUpTo, denialStamp, liftedUpTo];
    }
  }
}

interface LostRules {
  readonly rules: readonly LostRule[];
  /** The identity of the log that lost them. Default: any log takes them. */
  readonly expectLog?: string | undefined;
}

/**
 * Appends rules that the log lost. The script merges, so a rule that was restored meanwhile writes nothing.
 *
 * @returns how many the log lacked.
 * @throws FeedError `wrong_log` when this connection leads to another log; it takes none of them.
 */
export async function appendLost(
  redis: RedisConnection,
  { rules, expectLog }: LostRules,
  clock: Clock,
): Promise<number> {
  let restored = 0;
  for (let from = 0; from < rules.length; from += inFlight) {
    const replies = await Promise.all(
      rules
        .slice(from, from + inFlight)
        .map(({ digest, rule }) =>
          runAppend(
            redis,
            { digest, statement: { kind: 'seed', rule }, details: { id: 'reseed', kind: 'reseed' }, expectLog },
            readClock(clock),
          ),
        ),
    );
    const outcomes = replies.map(([outcome]) => readText(outcome, 'append'));
    if (outcomes.includes('wrong_log')) {
      throw new FeedError('wrong_log', `expected the log ${expectLog} for the rules that it lost, found another log`);
    }
    restored += outcomes.filter((outcome) => outcome === 'appended').length;
  }
  return restored;
}
