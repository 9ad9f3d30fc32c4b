import { describe, expect, it } from '@jest/globals';
import { Denylist, type DimensionValue, digestOf, digestToHex } from '@revocast/denylist/replica';
import { answerDigests, maxDigests } from '../../src/console/answer-digests.ts';
import { describeRule } from '../../src/console/describe-rule.ts';

const now = 1_800_000_000;
const forEver = 0xffff_ffff;
const none = { deniedUntil: 0, issuedUpTo: 0, denialStamp: 0, liftedUpTo: 0 };
const session: DimensionValue = { dimension: 'session', issuer: 'https://login.example/', value: 's-1' };
const hexOf = (value: DimensionValue) => digestToHex(digestOf(value));

function replicaWith(rule: typeof none, state: 'fresh' | 'stale' = 'fresh') {
  const denylist = new Denylist();
  denylist.merge({ digest: digestOf(session), rule }, 'union');
  const freshness = state === 'fresh' ? { state, sinceMs: 0 } : { state, cause: 'gap' as const, sinceMs: 0 };
  const status = { id: '0', feed: 'redis', freshness, rules: 1, maxRules: 10, maxTokenLifetimeSeconds: 86_400 };
  return { denylist, logClock: { claimSeconds: () => now } as never, status: () => status };
}

const nothing = { last: () => undefined };

describe('the meaning of a rule in words', () => {
  it.each([
    [
      'a denial',
      { ...none, deniedUntil: now + 1, denialStamp: 5 },
      true,
      /^Denies every token until 2027-01-15 08:00:01 UTC\.$/,
    ],
    ['a denial in its last second', { ...none, deniedUntil: now, denialStamp: 5 }, false, /^A denial has ended on/],
    ['a block', { ...none, deniedUntil: forEver, denialStamp: 5 }, true, /until a lift/],
    ['a lifted block', { ...none, deniedUntil: forEver, denialStamp: 5, liftedUpTo: 5 }, false, /^A denial was lifted/],
    ['a block after a lift', { ...none, deniedUntil: forEver, denialStamp: 6, liftedUpTo: 5 }, true, /until a lift/],
    ['a cutoff', { ...none, issuedUpTo: now }, false, /^Denies tokens issued up to 2027-01-15 08:00:00 UTC/],
    ['a lift that ended nothing known', { ...none, liftedUpTo: 5 }, false, /^A denial was lifted/],
  ])('%s', (_name, rule, deniesAll, words) => {
    const meaning = describeRule(rule, now);
    expect(meaning).toMatchObject({ deniesAll, issuedUpTo: rule.issuedUpTo });
    expect(meaning.words).toEqual([expect.stringMatching(words)]);
  });

  it('contains both sentences for a block with a cutoff', () => {
    expect(describeRule({ ...none, deniedUntil: forEver, denialStamp: 5, issuedUpTo: 9 }, now).words).toHaveLength(2);
  });
});

describe('the answer about digests', () => {
  it('contains the digests that have a rule, and the freshness', () => {
    const other = hexOf({ ...session, value: 's-2' });
    const answer = answerDigests([other, hexOf(session)], replicaWith({ ...none, issuedUpTo: 9 }, 'stale'), nothing);
    expect(answer).toEqual({
      nowSeconds: now,
      state: 'stale',
      cause: 'gap',
      maxTokenLifetimeSeconds: 86_400,
      rules: [{ digest: hexOf(session), deniesAll: false, issuedUpTo: 9, words: [expect.any(String)] }],
    });
  });

  it('says when, why and by whom, if the sidecar keeps it', () => {
    const stated = { kind: 'revoke', id: 'e-1', loggedAtMs: 5, reason: 'logout', actor: 'ann' } as const;
    const last = (digest: string) =>
      digest === hexOf(session) ? { ...stated, digest, propagationMs: 1, latencyMs: 1 } : undefined;
    expect(answerDigests([hexOf(session)], replicaWith({ ...none, issuedUpTo: 9 }), { last })).toMatchObject({
      rules: [{ stated }],
    });
  });

  it('answers a repeated digest once', () => {
    const answer = answerDigests([hexOf(session), hexOf(session)], replicaWith({ ...none, issuedUpTo: 9 }), nothing);
    expect(answer).toHaveProperty('rules.length', 1);
  });

  it.each([
    ['nothing', []],
    ['31 digits', ['0'.repeat(31)]],
    ['33 digits', ['0'.repeat(33)]],
    ['capitals', ['A'.repeat(32)]],
    ['a token', ['eyJhbGciOiJFUzI1NiJ9.e30.c2ln']],
    ['one good and one bad', ['0'.repeat(32), 'not-a-digest-at-all']],
    ['one too many', Array.from({ length: maxDigests + 1 }, (_, at) => at.toString(16).padStart(32, '0'))],
  ])('rejects %s without repeating it', (_name, asked) => {
    const answer = answerDigests(asked, replicaWith(none), nothing);
    expect(answer).toMatch(/digest/);
    for (const text of asked) expect(answer).not.toContain(text.slice(0, 12));
  });

  it('accepts the maximum number of digests', () => {
    const asked = Array.from({ length: maxDigests }, (_, at) => at.toString(16).padStart(32, '0'));
    expect(answerDigests(asked, replicaWith(none), nothing)).toMatchObject({ rules: [] });
  });
});
