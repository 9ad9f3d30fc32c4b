import type { Clock } from '../../../src/clock.ts';
import { RedisConnection } from '../../../src/redis/client.ts';
import { script } from '../../../src/redis/scripts/script.ts';
import { systemClock } from '../../../src/system-clock.ts';

const { run, call } = RedisConnection.prototype;
const original = "redis.call('TIME')";
/** By ids of the stream, which keep the real time. */
const trimming = "'MINID', '~', minId, ";

/**
 * Moves the clock of Redis for every connection of this process: in the text of the scripts, and in the reply to `TIME`. The
 * ids of the stream keep the real time.
 */
export function shiftRedis(byMs: number): void {
  RedisConnection.prototype.run = async function (given, keys, args) {
    const shifted = `(function() local t = ${original}; t[1] = string.format('%.0f', t[1] + ${byMs / 1000}); return t end)()`;
    return await run.call(
      this,
      script(given.name, given.keyCount, given.source.replaceAll(original, shifted).replace(trimming, '')),
      keys,
      args,
    );
  };
  RedisConnection.prototype.call = async function (command, args) {
    const reply = await call.call(this, command, args);
    if (command !== 'TIME' || !Array.isArray(reply)) return reply;
    return [String(Number(reply[0]) + byMs / 1000), reply[1]];
  };
}

export function restoreRedisClock(): void {
  RedisConnection.prototype.run = run;
  RedisConnection.prototype.call = call;
}

/** The wall clock of another host, `byMs` ahead. */
export function hostClock(bootId: string, byMs = 0): Clock {
  return { ...systemClock, bootId, wallMs: () => Date.now() + byMs };
}
