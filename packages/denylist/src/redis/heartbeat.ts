import type { Clock } from '../clock.ts';
import { readRule, viewOf } from '../codec/rows.ts';
import { defaultMaxTokenLifetimeSeconds, forEver, forgettableAt } from '../rules/rule.ts';
import { readArray, readBytes, readNumber, readText } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';
import { logRetentionMs, newEpoch } from './log.ts';
import { heartbeatScript, pruneScript, releaseScript } from './scripts.ts';

/** Twice a second; the lease outlives three missed beats and lapses well within the staleness bound. */
const beatMs = 500;
export const leaseMs = 2000;
const pruneSlice = 500;

export interface Heartbeat {
  /** Writes one heartbeat at once, whoever has the lease: for a reader that is complete and lacks only a proof. */
  beatNow(): void;
  /** Gives the lease back, so that another one beats within half a second, and stops. */
  stop(): Promise<void>;
}

export interface HeartbeatOptions {
  readonly session: RedisSession;
  readonly clock: Clock;
  /** Names this process in the lease. */
  readonly holder: string;
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Tries for the lease twice a second and, while it holds it, writes heartbeats and prunes a slice a second. Two
 * holders at once are harmless: the script stamps, and any write proves.
 */
export function startHeartbeat({ session, clock, holder, onFailure }: HeartbeatOptions): Heartbeat {
  const stop = new AbortController();
  let leading = false;
  let scanCursor = '0';
  /** Ends the pause at hand, and is new with every beat: a signal derived for each pause would stay on a list for ever. */
  let urgent = new AbortController();

  const beat = async () => {
    const isUrgent = urgent.signal.aborted;
    urgent = new AbortController();
    const redis = await session.get();
    const whoeverHolds = isUrgent ? 1 : 0;
    const args = [newEpoch(), defaultMaxTokenLifetimeSeconds, logRetentionMs, holder, leaseMs, whoeverHolds];
    const touched = [keys.lease, keys.log, keys.meta, keys.rules];
    const reply = readArray(await redis.run(heartbeatScript, touched, args), 'heartbeat');
    leading = readText(reply[0], 'heartbeat') === 'written';
    return Math.floor(readNumber(reply[1], 'heartbeat time') / 1000);
  };
  /** Only candidates are found here; the script judges each again, by its own clock. */
  const prune = async (nowSeconds: number) => {
    const redis = await session.get();
    const reply = readArray(await redis.call('HSCAN', [keys.rules, scanCursor, 'COUNT', pruneSlice]), 'HSCAN');
    scanCursor = readText(reply[0], 'HSCAN cursor');
    const pairs = readArray(reply[1], 'HSCAN page');
    const ended: Uint8Array[] = [];
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const rule = readBytes(pairs[index + 1], 'rule');
      if (rule.byteLength !== 16) continue;
      const end = forgettableAt(readRule(viewOf(rule), 0), 0);
      if (end !== forEver && end <= nowSeconds) ended.push(readBytes(pairs[index], 'digest'));
    }
    if (ended.length > 0) await redis.run(pruneScript, [keys.rules, keys.meta], ended);
  };
  const run = async () => {
    for (let count = 0; !stop.signal.aborted; count++) {
      try {
        const nowSeconds = await beat();
        if (leading && count % 2 === 0) await prune(nowSeconds);
      } catch (error) {
        leading = false;
        onFailure?.(error);
      }
      await clock.sleep(beatMs, urgent.signal);
    }
  };
  const running = run();

  return {
    beatNow() {
      urgent.abort();
    },
    async stop() {
      stop.abort();
      urgent.abort();
      await running;
      const redis = session.current;
      if (redis === undefined) return;
      try {
        await redis.run(releaseScript, [keys.lease], [holder]);
      } catch (error) {
        onFailure?.(error); // it lapses by itself
      }
    },
  };
}
