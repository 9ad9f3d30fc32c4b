import { digestOf, openSource, randomHex } from '@revocast/denylist/replica';
import type { RedisServer } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { issuer } from '../tokens.ts';

/** What a log keeps: entries an hour, event ids a day, rules an hour after their end. */
const entriesKeptMs = 3_600_000;
const idsKeptMs = 86_400_000;
const rulesKeptSeconds = 3600;

/** How quickly a log is written to, so that one which has been so for a day can be made. */
export interface Pace {
  readonly entriesPerSecond: number;
  readonly idsPerSecond: number;
  readonly rulesPerSecond: number;
}

interface Ageing {
  readonly pace: Pace;
  /** For so long something old leaves whenever something new comes. */
  readonly seconds: number;
}

/**
 * Gives a log, before anybody follows it, the past of one that has been written to at this pace for a day: entries and
 * event ids that reach their end one after another from now on. A soak of minutes then sees what leaves as well.
 */
export async function giveItAPast(server: RedisServer, { pace, seconds }: Ageing): Promise<void> {
  const client = new Redis({ host: server.host, port: server.port, protocol: 2, retryStrategy: null });
  const nowMs = Date.now();
  try {
    const pipeline = client.pipeline();
    const everyMs = 1000 / pace.entriesPerSecond;
    for (let atMs = 0; atMs < seconds * 1000; atMs += everyMs) {
      const id = `${Math.floor(nowMs - entriesKeptMs + atMs)}-1`;
      pipeline.xadd('{revocast}:log', id, 'p', randomHex(8), 'e', `1|h|1|${nowMs}|0|${' '.repeat(100)}`);
    }
    for (let index = 0; index < seconds * pace.idsPerSecond; index++) {
      const atMs = Math.floor(nowMs - idsKeptMs + (index * 1000) / pace.idsPerSecond);
      pipeline.zadd('{revocast}:ids', atMs, randomHex(16));
    }
    await pipeline.exec();
  } finally {
    client.disconnect();
  }
}

/**
 * Appends rules, as a re-seed does, whose time to be forgotten comes one after another: from a minute from now on, at
 * the pace at which new ones come.
 */
export async function appendOldRules(url: string, { pace, seconds }: Ageing): Promise<void> {
  const source = await openSource(url);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const rules = Array.from({ length: Math.ceil(seconds * pace.rulesPerSecond) }, (_, index) => ({
    digest: digestOf({ dimension: 'session', issuer, value: `old-${index}` }),
    rule: {
      deniedUntil: Math.floor(nowSeconds - rulesKeptSeconds + 60 + index / pace.rulesPerSecond),
      issuedUpTo: 0,
      denialStamp: nowSeconds - 86_400,
      liftedUpTo: 0,
    },
  }));
  try {
    await source.reseed?.append(rules, new AbortController().signal);
  } finally {
    await source.close();
  }
}
