import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support/redis/redis';
import fc from 'fast-check';
import { readClock } from '../../src/clock.ts';
import { decodeEvent, encodeRuleEvent } from '../../src/codec/event.ts';
import { readRule, viewOf } from '../../src/codec/rows.ts';
import { broadWindowMs, countBroadRule } from '../../src/log/broad-rules.ts';
import { runAppend } from '../../src/redis/append.ts';
import { connectRedis, type RedisConnection } from '../../src/redis/connection/connect.ts';
import { readArray, readBytes, readNumber, readText } from '../../src/redis/connection/replies.ts';
import { keys } from '../../src/redis/keys.ts';
import { declareScript } from '../../src/redis/scripts/log.ts';
import { agreedNow } from '../../src/rules/agreed-now.ts';
import { digestFromHex, digestOf, digestToBytes } from '../../src/rules/digest.ts';
import type { RevocationDetails } from '../../src/rules/event.ts';
import {
  denies,
  emptyRule,
  forEver,
  type Rule,
  sameRule,
  stampCeiling,
  withoutImpossibleLift,
} from '../../src/rules/rule.ts';
import { applyStatement, fingerprintOf, type Statement, statementRefusals } from '../../src/rules/statement.ts';
import { parseSource } from '../../src/sources/source.ts';
import { systemClock } from '../../src/system-clock.ts';
import { arbitraryRule } from './arbitrary-rule.ts';

const time = { nowSeconds: 1_767_225_600, maxTokenLifetimeSeconds: 86_400 };
const { nowSeconds: now } = time;
const apply = (held: Partial<Rule>, statement: Statement): Rule => {
  const rule = applyStatement({ ...emptyRule, ...held }, statement, time);
  if (typeof rule === 'string') throw new Error(rule);
  return rule;
};

describe('a denial', () => {
  it('runs until it says, from now on', () => {
    expect(apply({}, { kind: 'deny', until: now + 900 })).toEqual({
      ...emptyRule,
      deniedUntil: now + 900,
      denialStamp: now,
    });
  });

  it('of every token lasts for the longest lifetime and the margin', () => {
    expect(apply({}, { kind: 'deny', until: 'longest-token' }).deniedUntil).toBe(now + 86_400 + 600);
  });

  it('of every token never becomes a block, however long the lifetime', () => {
    const rule = applyStatement(
      emptyRule,
      { kind: 'deny', until: 'longest-token' },
      { nowSeconds: forEver - 10, maxTokenLifetimeSeconds: 86_400 },
    );
    expect(rule).toMatchObject({ deniedUntil: forEver - 1 });
  });

  it.each([
    ['an older one', 900],
    ['one of the same second', now],
    ['one by a clock that ran ahead', now + 50],
  ])('counts although a lift saw %s', (_, lifted) => {
    const rule = apply(
      { deniedUntil: forEver, denialStamp: lifted, liftedUpTo: lifted },
      { kind: 'deny', until: now + 900 },
    );
    expect(rule.denialStamp).toBeGreaterThan(rule.liftedUpTo);
    expect(denies(rule, now, now + 899)).toBe(true);
    expect(denies(rule, now, now + 900)).toBe(false);
  });

  it('does not shorten a longer one', () => {
    expect(apply({ deniedUntil: forEver, denialStamp: 5 }, { kind: 'deny', until: now }).deniedUntil).toBe(forEver);
  });
});

describe('a cutoff', () => {
  it('of now includes a login five seconds ahead', () => {
    expect(apply({}, { kind: 'cutoff', issuedUpTo: 'now' })).toEqual({ ...emptyRule, issuedUpTo: now + 5 });
  });

  it('of now adds the skew of the log', () => {
    const rule = applyStatement(emptyRule, { kind: 'cutoff', issuedUpTo: 'now' }, { ...time, cutoffSkewSeconds: 2 });
    expect(rule).toMatchObject({ issuedUpTo: now + 2 });
  });

  it.each([
    [59, now + 59],
    [60, now + 60],
    [61, 'cutoff_in_future'],
  ])('of %i seconds ahead', (ahead, expected) => {
    const rule = applyStatement(emptyRule, { kind: 'cutoff', issuedUpTo: now + ahead }, time);
    expect(typeof rule === 'string' ? rule : rule.issuedUpTo).toBe(expected);
  });

  it('does not take back a later one', () => {
    expect(apply({ issuedUpTo: now }, { kind: 'cutoff', issuedUpTo: now - 50 }).issuedUpTo).toBe(now);
  });
});

describe('a lift', () => {
  it('ends the denial and leaves the cutoff', () => {
    const rule = apply({ deniedUntil: forEver, issuedUpTo: now - 50, denialStamp: now - 10 }, { kind: 'lift' });
    expect(denies(rule, now - 49, now)).toBe(false);
    expect(denies(rule, now - 50, now)).toBe(true);
  });

  it('is stamped with what it saw', () => {
    expect(apply({ deniedUntil: forEver, denialStamp: 77 }, { kind: 'lift' }).liftedUpTo).toBe(77);
  });

  it('of a denial that no clock can have stated is refused: no lift that counts could end it', () => {
    const held = { ...emptyRule, deniedUntil: forEver, denialStamp: stampCeiling };
    expect(applyStatement(held, { kind: 'lift' }, time)).toBe('stamp_beyond_bounds');
  });

  it('of nothing is stamped now', () => {
    expect(apply({ issuedUpTo: 5 }, { kind: 'lift' })).toEqual({ ...emptyRule, issuedUpTo: 5, liftedUpTo: now });
  });
});

describe('a re-seed', () => {
  it('does not undo a lift that saw the denial', () => {
    const block = { ...emptyRule, deniedUntil: forEver, denialStamp: 5 };
    const lifted = apply(block, { kind: 'lift' });
    expect(apply(lifted, { kind: 'seed', rule: block })).toEqual(lifted);
  });

  it('brings back a denial that the lift did not see', () => {
    const rule = apply(
      { liftedUpTo: 4 },
      { kind: 'seed', rule: { ...emptyRule, deniedUntil: forEver, denialStamp: 5 } },
    );
    expect(denies(rule, now, now)).toBe(true);
  });
});

describe('the script in Redis', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await startRedis();
    const source = parseSource(server.url);
    if (source.kind !== 'redis') throw new Error('expected a Redis');
    redis = await connectRedis(source);
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  const digest = digestOf({ dimension: 'subject', issuer: 'https://issuer.example/', value: 'alice' });
  const ruleInRedis = async (): Promise<Rule> => {
    const [value] = readArray(await redis.call('HMGET', [keys.rules, digestToBytes(digest)]), 'HMGET');
    return value === null ? emptyRule : readRule(viewOf(readBytes(value, 'rule')), 0);
  };
  const newestEvent = async (): Promise<string> => {
    const [entry] = readArray(await redis.call('XREVRANGE', [keys.log, '+', '-', 'COUNT', 1]), 'XREVRANGE');
    const [, fields] = readArray(entry, 'entry');
    return readText(readArray(fields, 'fields')[3], 'event');
  };
  const entries = async (): Promise<number> => readNumber(await redis.call('XLEN', [keys.log]), 'XLEN');

  it('computes the same as applyStatement, writes the same event as encodeRuleEvent, and knows its ids', async () => {
    const uint32 = fc.oneof(
      fc.integer({ min: 0, max: 6 }),
      fc.constantFrom(forEver - 2, forEver - 1, forEver),
      fc.integer({ min: 0, max: forEver }),
    );
    /** Seconds around the log's clock, told as a distance from it. */
    const aroundNow = fc.integer({ min: -70, max: 70 }).filter((ahead) => ahead < 55 || ahead > 65);
    const statement = fc.oneof(
      fc.record({ kind: fc.constant('deny' as const), until: fc.oneof(uint32, fc.constant('longest-token' as const)) }),
      fc.record({ kind: fc.constant('cutoff' as const), issuedUpTo: fc.oneof(uint32, fc.constant('now' as const)) }),
      aroundNow.map((ahead) => ({ kind: 'cutoff' as const, ahead })),
      fc.constant({ kind: 'lift' as const }),
      arbitraryRule.map((rule) => ({ kind: 'seed' as const, rule })),
    );
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    // No log gets there before 2106, but a writer can claim that it did; no number may wrap around to 0.
    const atTheEndOfUint32: ['a' | 'b' | 'c' | 'd' | 'e', Statement, number][] = [
      ['a', { kind: 'seed', rule: { ...emptyRule, deniedUntil: forEver, denialStamp: forEver - 1 } }, 0],
      ['b', { kind: 'lift' }, 0],
      ['c', { kind: 'deny', until: forEver }, 0],
      ['d', { kind: 'seed', rule: { ...emptyRule, liftedUpTo: forEver } }, 0],
      ['e', { kind: 'deny', until: forEver }, 0],
    ];
    const ahead = fc.constantFrom<number>(0, 20_000, -20_000, 3_600_000, -3_600_000);
    const lifetime = fc.constantFrom(3600, 86_400, forEver - 5);

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(id, statement, ahead), { maxLength: 8 }),
        lifetime,
        fc.constantFrom(2, 5),
        async (said, longest, skew) => {
          await redis.call('FLUSHALL', []);
          await redis.call('HSET', [
            ...[keys.meta, 'epoch', 'e'.repeat(16), 'head', 'f'.repeat(16), 'seq', 0, 'healUntil', 0],
            ...['maxTokenLifetime', longest, 'minReader', 1, 'skew', skew],
          ]);
          let held: Rule = emptyRule;
          let seq = 0;
          const firstLogged = new Map<string, { readonly loggedAtMs: number; readonly fingerprint: string }>();
          for (const [eventId, one, aheadMs] of said) {
            const clock = readNumber(readArray(await redis.call('TIME', []), 'TIME')[0], 'TIME');
            const asked: Statement = 'ahead' in one ? { kind: 'cutoff', issuedUpTo: clock + one.ahead } : one;
            const details: RevocationDetails = {
              id: eventId,
              kind: 'revoke',
              dimension: 'subject',
              actor: 'a|b "c"',
              requestedAtMs: 1_767_225_600_000,
            };
            const before = await entries();
            const writer = { wallMs: clock * 1000 + aheadMs, bootId: 'host-1' };
            const reply = await runAppend(redis, { digest, statement: asked, details }, writer);
            const outcome = readText(reply[0], 'outcome');
            const isRefused = statementRefusals.some((refusal) => refusal === outcome);
            const logMs = readNumber((isRefused ? reply[1] : reply[3]) ?? clock * 1000, 'time');
            const loggedAtMs = logMs;
            const { agreedMs, ...range } = agreedNow({ logMs, writer });
            const expected = applyStatement(held, asked, {
              nowSeconds: agreedMs === undefined ? undefined : Math.floor(agreedMs / 1000),
              earliestSeconds: Math.floor(range.earliestMs / 1000),
              latestSeconds: Math.floor(range.latestMs / 1000),
              maxTokenLifetimeSeconds: longest,
              cutoffSkewSeconds: skew,
            });

            const first = asked.kind === 'seed' ? undefined : firstLogged.get(eventId);
            if (first !== undefined && first.fingerprint !== fingerprintOf(digest, asked)) {
              expect(outcome).toBe('id_conflict');
            } else if (first !== undefined) {
              expect(outcome).toBe('repeated');
              expect(loggedAtMs).toBe(first.loggedAtMs);
            } else if (typeof expected === 'string') {
              expect(outcome).toBe(expected);
            } else if (asked.kind === 'seed' && sameRule(expected, held)) {
              expect(outcome).toBe('unchanged');
            } else {
              expect(outcome).toBe('appended');
              if (asked.kind !== 'seed') {
                firstLogged.set(eventId, { loggedAtMs, fingerprint: fingerprintOf(digest, asked) });
              }
              held = withoutImpossibleLift(expected);
              seq += 1;
              const change = {
                digest,
                rule: expected,
                loggedAtMs,
                details: asked.kind === 'cutoff' ? { ...details, cutoff: true as const } : details,
              };
              const line = await newestEvent();
              expect(line).toBe(encodeRuleEvent(seq, change));
              expect(decodeEvent(line)).toEqual({ kind: 'rule', seq, ...change, rule: held });
            }
            expect(await entries()).toBe(before + (outcome === 'appended' ? 1 : 0));
            expect(await ruleInRedis()).toEqual(held);
          }
        },
      ),
      { numRuns: 300, examples: [[atTheEndOfUint32, 3600, 5]] },
    );
  }, 60_000);

  it('counts broad revocations as countBroadRule does', async () => {
    const around = fc.integer({ min: -70_000, max: 70_000 }).filter((ago) => Math.abs(ago) > 2000);
    const away = around.filter((ago) => Math.abs(ago - broadWindowMs) > 2000);
    const few = fc.integer({ min: 1, max: 4 });
    const readWindow = async () => {
      const fields = readArray(await redis.call('HMGET', [keys.meta, 'broadFrom', 'broadCount']), 'HMGET');
      const [fromMs = 0, count = 0] = fields.map((field) => readNumber(field ?? 0, 'window'));
      return { fromMs, count };
    };
    await fc.assert(
      fc.asyncProperty(away, few, few, async (agoMs, count, broadRulesPerMinute) => {
        await redis.call('FLUSHALL', []);
        const [seconds] = readArray(await redis.call('TIME', []), 'TIME');
        const held = { fromMs: readNumber(seconds, 'TIME') * 1000 - agoMs, count };
        // A log that begins with this very request would write its restart.
        await redis.run(declareScript, [keys.rules, keys.log, keys.meta], ['e'.repeat(16), 3600, 3_600_000]);
        await redis.call('HSET', [keys.meta, 'broadFrom', held.fromMs, 'broadCount', held.count]);
        const reply = await runAppend(
          redis,
          {
            digest,
            statement: { kind: 'deny', until: 5 },
            details: { id: 'e', kind: 'revoke', dimension: 'tenant' },
            broadRulesPerMinute,
          },
          readClock(systemClock),
        );
        if (readText(reply[0], 'outcome') === 'too_many_broad_rules') {
          const waitMs = readNumber(reply[1], 'wait');
          expect(countBroadRule(held, broadRulesPerMinute, held.fromMs + broadWindowMs - waitMs)).toBe(waitMs);
          expect(await redis.call('EXISTS', [keys.log, keys.rules, keys.ids])).toBe(0);
        } else {
          const counted = countBroadRule(held, broadRulesPerMinute, readNumber(reply[3], 'time'));
          expect(await readWindow()).toEqual(counted);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps a digest of any bytes apart from every other', async () => {
    await redis.call('FLUSHALL', []);
    const odd = digestFromHex('000d0a7c5c2f00ff00000000ffffffff');
    if (odd === undefined) throw new Error('expected a digest');
    const details: RevocationDetails = { id: 'odd', kind: 'revoke' };
    await runAppend(redis, { digest: odd, statement: { kind: 'deny', until: 5 }, details }, readClock(systemClock));
    expect(decodeEvent(await newestEvent())).toMatchObject({ kind: 'rule', digest: odd, rule: { deniedUntil: 5 } });
  });
});
