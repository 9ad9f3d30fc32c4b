import { describe, expect, it } from '@jest/globals';
import { LogError, type LogErrorCode } from '@revocast/denylist';
import type { LookUp, Verdict } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { LogHealth, probeLog } from '../src/delivery/log-health.ts';
import { recordedLog } from './world.ts';

function newHealth() {
  const lines: string[] = [];
  const health = new LogHealth({
    info: (_fields: object, text?: string) => void lines.push(`info ${text}`),
    warn: (_fields: object, text?: string) => void lines.push(`warn ${text}`),
  });
  return { health, lines };
}

function probe(answer: () => Verdict) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { health, lines } = newHealth();
  const lookUp: LookUp = { find: async () => answer(), close: async () => undefined };
  const ended = probeLog(lookUp, { health, clock, signal: stop.signal });
  return { clock, health, lines, ended, stop };
}

const unknown = (cause: 'lookup_failed' | 'lookup_timeout' | 'log_stale' | 'lookup_busy' | 'healing'): Verdict => ({
  verdict: 'unknown',
  cause,
});

describe('a log that is asked', () => {
  it.each(['lookup_failed', 'lookup_timeout'] as const)(
    'is reported once at the start, and again: %s',
    async (cause) => {
      let answer = unknown(cause);
      const { clock, health, lines, ended, stop } = probe(() => answer);
      await clock.advance(60_000);
      expect(health.isReachable).toBe(false);
      expect(lines).toEqual([expect.stringContaining('warn the log does not answer')]);
      answer = { verdict: 'active' };
      await clock.advance(10_000);
      expect(health.isReachable).toBe(true);
      expect(lines.slice(1)).toEqual(['info the log answers again']);
      stop.abort();
      await ended;
    },
  );

  it.each(['log_stale', 'healing', 'lookup_busy'] as const)('is reachable although it says %s', async (cause) => {
    const { clock, health, lines, stop } = probe(() => unknown(cause));
    await clock.advance(0);
    expect([health.isReachable, lines]).toEqual([true, []]);
    stop.abort();
  });
});

describe('a log that is written to', () => {
  it.each<[LogErrorCode, boolean]>([
    ['unavailable', false],
    ['outcome_unknown', false],
    ['too_many_broad_rules', true],
    ['refused', true],
  ])('after %s is reachable: %s', async (code, isReachable) => {
    const { health } = newHealth();
    const log = await recordedLog();
    const writes = health.watch(log);
    log.failWith(code);
    await expect(writes.revoke({ session: 's', issuer: 'https://a.example', reason: 'logout' })).rejects.toBeInstanceOf(
      LogError,
    );
    expect(health.isReachable).toBe(isReachable);
    log.failWith(undefined);
    await writes.lift({ session: 's', issuer: 'https://a.example' });
    expect(health.isReachable).toBe(true);
    await log.close();
  });
});
