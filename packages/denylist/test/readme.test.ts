import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { logErrorCodes } from '../src/log/revocation-log.ts';
import { createPublisher } from '../src/publisher/create-publisher.ts';
import { openReplica } from '../src/replication/open-replica.ts';
import { digestSetOf } from '../src/rules/digest.ts';
import { systemClock as clock, systemRandom as random } from '../src/system-clock.ts';

const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('README.md', () => {
  it('has a row for every code of a LogError, and for no other', () => {
    const [, table = ''] = text.split('or rejects with a `LogError`:');
    const codes = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
    expect(codes).toEqual([...logErrorCodes]);
  });
});

describe('a revocation in a log that a replica follows', () => {
  it('is denied by the replica as soon as enforcedEverywhere resolves', async () => {
    const issuer = 'https://login.example.com/';
    const publisher = await createPublisher('memory:');
    const replica = openReplica({ feed: publisher.feed, clock, random });
    expect(await replica.ready({ timeoutMs: 10_000 })).toBe(true);
    const verdicts: string[] = [];
    for (let number = 0; number < 50; number += 1) {
      const revocation = await publisher.revoke({ issuer, session: `s-${number}`, reason: 'logout' });
      await revocation.enforcedEverywhere();
      const digests = digestSetOf([{ dimension: 'session', issuer, value: `s-${number}` }]);
      verdicts.push(replica.check(digests, Math.floor(Date.now() / 1000)).verdict);
    }
    await replica.close();
    await publisher.close();
    expect(verdicts.filter((verdict) => verdict !== 'revoked')).toEqual([]);
  });
});
