import { digestOf, openSource, randomHex } from '@revocast/denylist/replica';
import type { RedisServer } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { issuer } from '../tokens.ts';

// Retention of a log: entries for an hour, event ids for a day, rules for an hour after their end.
const entriesKeptMs = 3_600_000;
const idsKeptMs = 86_400_000;
const rulesKeptSeconds = 3600;

/** The rate at which a log is written to. */
export interface Pace {
  readonly entriesPerSecond: number;
  readonly idsPerSecond: number;
  readonly rulesPerSecond: number;
}

interface Ageing {
  readonly pace: Pace;
  /** For this time old items expire at the rate at which new items arrive. */
  readonly seconds: number;
}

/**
 * Fills an empty log as if it had been written to at this pace for a day: with entries and event ids that expire one
 * after another from now on. So a soak of minutes also includes expiry.
 */
export async function appendOldEntries(server: RedisServer, { pace, seconds }: Ageing): Promise<void> {
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
 * Appends rules, as a re-seed does, that are pruned one after another at this pace, beginning in a minute.
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
