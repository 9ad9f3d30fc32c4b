import type { Clock, Random } from '../clock.ts';
import { checkExpectLog } from '../log/expect-log.ts';
import { type HealingState, isHealing } from '../log/healing.ts';
import { activeSince, type LookUp, type UnknownCause, type Verdict } from '../log/look-up.ts';
import { checkWholeNumber } from '../option-bounds.ts';
import { checkMaxStaleness, defaultMaxStalenessMs } from '../replication/max-staleness.ts';
import { SeenHeartbeats } from '../replication/seen-heartbeats.ts';
import { type DigestSet, digestToBytes } from '../rules/digest.ts';
import { restartDigest, restartInForce } from '../rules/log-restart.ts';
import { denies } from '../rules/rule.ts';
import type { RedisSource } from '../sources/source.ts';
import { BriefSession } from './connection/brief-session.ts';
import { readArray, readNumber, readOptionalText, readTime } from './connection/replies.ts';
import { keys } from './keys.ts';
import { readStoredRule } from './rules-page.ts';

export interface LookUpOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds for one look-up, connecting included: 1–1000, default 50. */
  readonly timeoutMs?: number | undefined;
  /** Look-ups in progress at the same time: 1–10000, default 64. One more answers `unknown` at once. */
  readonly maxConcurrent?: number | undefined;
  /** How old the log's last heartbeat may be for a "not found" to count, in milliseconds: 2000–60000, default 5000. */
  readonly maxStalenessMs?: number | undefined;
  /** The identity of the log, 16 hex digits: any other log answers nothing. Default: any log. */
  readonly expectLog?: string | undefined;
}

/**
 * One bounded pipeline: `TIME`, the log's state, the rules. A rule that is found counts always. "Not found" counts only
 * when the log is not healing and its last heartbeat is recent by two clocks: a primary that was cut off still answers reads,
 * and its clock may be set back.
 *
 * @throws ConfigurationError for a number out of its bounds.
 */
export function createRedisLookUp(source: RedisSource, options: LookUpOptions): LookUp {
  const { timeoutMs = 50, maxConcurrent = 64, maxStalenessMs = defaultMaxStalenessMs, ...ports } = options;
  const expectLog = checkExpectLog(options.expectLog);
  checkWholeNumber('timeoutMs', timeoutMs, { least: 1, most: 1000, unit: 'ms' });
  checkWholeNumber('maxConcurrent', maxConcurrent, { least: 1, most: 10_000, unit: 'look-ups' });
  checkMaxStaleness(maxStalenessMs);
  const { clock } = ports;
  const heartbeats = new SeenHeartbeats(clock, maxStalenessMs);
  const session = new BriefSession<Verdict>(source, {
    ...ports,
    timeoutMs,
    maxConcurrent,
    noAnswer: (cause) => unknown(`lookup_${cause}`),
  });
  return {
    find: ({ dimensions, words }: DigestSet, issuedAt) =>
      session.ask(async (redis) => {
        const fields = dimensions.map((_, index) => digestToBytes(words.subarray(index * 4, index * 4 + 4)));
        const sentAtMs = clock.monotonicMs();
        // Sent together on one connection, so one server answers them in this order.
        const [time, meta, rules] = await Promise.all([
          redis.call('TIME', []),
          redis.call('HMGET', [keys.meta, 'epoch', 'healUntil', 'hbAt', 'beats', 'ownBeatAt', 'identity']),
          redis.call('HMGET', [keys.rules, ...fields, digestToBytes(restartDigest)]),
        ]);
        const nowMs = readTime(time);
        // The earlier clock, as in a replica: a clock that is ahead must not end a denial.
        const nowSeconds = Math.floor(Math.min(nowMs, clock.wallMs()) / 1000);
        const found = readArray(rules, 'HMGET rules').map(readStoredRule);
        const denying = dimensions.find((_, index) => {
          const rule = found[index];
          return rule !== undefined && denies(rule, issuedAt, nowSeconds);
        });
        if (denying !== undefined) return { verdict: 'revoked', dimension: denying };
        const restartedAt = restartInForce(found[dimensions.length], nowSeconds);
        const log = readLog(meta);
        const isRecent = log !== undefined && heartbeats.isRecent(log.beatAtMs, { logMs: nowMs, sentAtMs });
        // A wrong log has no rule of ours.
        if (log !== undefined && expectLog !== undefined && log.identity !== expectLog) return unknown('lookup_failed');
        if (log === undefined || isHealing(log, nowMs)) return unknown('healing');
        return isRecent ? activeSince(restartedAt) : unknown('log_stale');
      }),
    close: async () => session.close(),
  };
}

/** What the log says about itself; undefined when there is no log. A last heartbeat that is absent or no number is NaN. */
function readLog(
  meta: unknown,
): (HealingState & { readonly beatAtMs: number; readonly identity: string | undefined }) | undefined {
  const [epoch, healUntil, heartbeatAt, beats, ownBeatAt, identity] = readArray(meta, 'HMGET meta');
  if (readOptionalText(epoch, 'epoch') === undefined) return undefined;
  const beatAt = readOptionalText(heartbeatAt, 'hbAt');
  const counted = readOptionalText(beats, 'beats');
  return {
    healUntilMs: readNumber(healUntil, 'healUntil'),
    beats: counted === undefined ? undefined : readNumber(counted, 'beats'),
    isCounted: beatAt === readOptionalText(ownBeatAt, 'ownBeatAt'),
    beatAtMs: Number(beatAt ?? Number.NaN),
    identity: readOptionalText(identity, 'identity'),
  };
}

function unknown(cause: UnknownCause): Verdict {
  return { verdict: 'unknown', cause };
}
