import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { ruleBytes, viewOf, writeRule } from '../../src/codec/rows.ts';
import { connectRedis, type RedisConnection } from '../../src/redis/connection/connect.ts';
import { readNumber, readTime } from '../../src/redis/connection/replies.ts';
import { keys } from '../../src/redis/keys.ts';
import { readPage, requestPage } from '../../src/redis/rules-page.ts';
import { pruneScript } from '../../src/redis/scripts/prune.ts';
import {
  emptyRule,
  forEver,
  forgetAfterSeconds,
  forgettableAt,
  type Rule,
  ruleMarginSeconds,
} from '../../src/rules/rule.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';

describe('the source of the scripts', () => {
  const folder = new URL('../../src/redis/scripts/', import.meta.url);
  const source = readdirSync(folder)
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
  const lua = [...source.matchAll(/`([^`]*)`/g)]
    .map(([, template = '']) => template)
    .join('\n')
    .replaceAll(/\$\{[^}]*\}/g, 'interpolated')
    .replaceAll(/--.*$/gm, '')
    .replaceAll(/'[^']*'/g, 'text');

  it('takes every number of the protocol from the constants', () => {
    // Left are positions in tables and arguments, the length of a head, and milliseconds in a second.
    const numbers = [...lua.matchAll(/(?<![\w.])\d+/g)].map(([number]) => Number(number));
    expect(numbers.filter((number) => number > 15 && number !== 16 && number !== 1000)).toEqual([]);
  });

  it('adds and subtracts no number other than 1', () => {
    const terms = [...lua.matchAll(/[-+] (\d+)/g)].map(([, number]) => number);
    expect(terms.filter((number) => number !== '1')).toEqual([]);
  });
});

describe('the script that prunes', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connectRedis(parseRedisSource(server.url, 'source'));
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  const lifetime = 86_400;
  const bytesOf = (rule: Rule): Uint8Array => {
    const bytes = new Uint8Array(ruleBytes);
    writeRule(viewOf(bytes), 0, rule);
    return bytes;
  };

  // A test that takes longer than `slack` seconds would compare with another second than Redis did.
  const slack = 60;
  it.each<[string, (endsAt: number) => Partial<Rule>]>([
    ['a denial', (endsAt) => ({ deniedUntil: endsAt, denialStamp: 1 })],
    ['a cutoff', (endsAt) => ({ issuedUpTo: endsAt - lifetime - ruleMarginSeconds })],
    ['a lifted denial', (endsAt) => ({ deniedUntil: endsAt, denialStamp: 1, liftedUpTo: 1 })],
    ['a lift of a denial that it has not seen', () => ({ liftedUpTo: 1 })],
    ['a denial after a lift', (endsAt) => ({ deniedUntil: endsAt, denialStamp: 2, liftedUpTo: 1 })],
    ['a block', () => ({ deniedUntil: forEver, denialStamp: 1 })],
  ])('deletes the same rules as forgettableAt: %s', async (_what, ruleEndingAt) => {
    const nowSeconds = Math.floor(readTime(await redis.call('TIME', [])) / 1000);
    for (const aheadSeconds of [-slack, slack]) {
      const rule = { ...emptyRule, ...ruleEndingAt(nowSeconds - forgetAfterSeconds + aheadSeconds) };
      await redis.call('FLUSHALL', []);
      await redis.call('HSET', [keys.meta, 'maxTokenLifetime', lifetime]);
      await redis.call('HSET', [keys.rules, 'digest', bytesOf(rule)]);
      const deleted = readNumber(await redis.run(pruneScript, [keys.rules, keys.meta], [forEver, 'digest']), 'deleted');
      const isForgettable = forgettableAt(rule, lifetime) <= nowSeconds;
      expect({ aheadSeconds, deleted }).toEqual({ aheadSeconds, deleted: isForgettable ? 1 : 0 });
    }
  });
});

describe('the script that reads a page of the rules', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connectRedis(parseRedisSource(server.url, 'source'));
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  it('returns every rule once, and leaves out what another program wrote', async () => {
    const rules = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(32, `rule ${index} `));
    await redis.call('HSET', [keys.rules, ...rules.flatMap((row) => [row.subarray(0, 16), row.subarray(16)])]);
    await redis.call('HSET', [
      keys.rules,
      'short',
      Buffer.alloc(16),
      Buffer.alloc(16),
      'no rule',
      Buffer.alloc(17),
      'x',
    ]);
    const found: string[] = [];
    let pages = 0;
    for (let cursor = '0'; cursor !== '0' || pages === 0; pages++) {
      const page = readPage(await requestPage(redis, cursor, 500));
      for (let at = 0; at < page.rows.byteLength; at += 32)
        found.push(Buffer.from(page.rows).toString('hex', at, at + 32));
      cursor = page.cursor;
    }
    expect(pages).toBeGreaterThan(2);
    expect(found.sort()).toEqual(rules.map((row) => row.toString('hex')).sort());
  });

  it('returns an empty page of no rules', async () => {
    await redis.call('FLUSHALL', []);
    const { cursor, rows } = readPage(await requestPage(redis, '0', 500));
    expect([cursor, rows.byteLength]).toEqual(['0', 0]);
  });
});
