import { describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { digestOf, openReplica, systemClock, systemRandom, valueOfTarget } from '@revocast/denylist/replica';
import { until } from '@revocast/test-support';
import {
  accountStateQuestion,
  accountStateRevocation,
  type Effect,
  type SourceProfile,
  stateSecondsOf,
} from '../../src/signals/index.ts';
import { readSetClaims } from '../../src/signals/jwt/read-set.ts';
import { everything, now, nowMs, outcomeOf, profile, risc, set, user } from './messages.ts';

const limit = 20 * 3600;

function read(type: string, claims: object, source: Partial<SourceProfile> = { allow: everything }) {
  return readSetClaims(set(`${risc}${type}`, { sub_id: user(), ...claims }), { source: profile(source), nowMs });
}

describe('a late event', () => {
  it.each([
    [
      'a block at the limit of 20 h is a block',
      'account-disabled',
      { iat: now - limit },
      ['block subject alice (account_disabled)'],
    ],
    [
      'a block beyond it is a cutoff at the receipt, and pages',
      'account-disabled',
      { iat: now - limit - 1 },
      ['end subject alice up to 5 (account_disabled), late'],
    ],
    ['a lift at the limit of 20 h is a lift', 'account-enabled', { iat: now - limit }, ['lift subject alice']],
    [
      'a lift beyond it is dropped, and pages',
      'account-enabled',
      { iat: now - limit - 1 },
      ['ignored: too_late, late'],
    ],
    [
      'a block that happened long before its SET was signed is late',
      'account-disabled',
      { iat: now, toe: now - limit - 1 },
      ['end subject alice up to 5 (account_disabled), late'],
    ],
    [
      'a cutoff is never late: its time is that of the event',
      'sessions-revoked',
      { iat: now - 90 * 86_400 },
      ['end subject alice up to -7776000 (other)'],
    ],
  ])('%s', (_name, type, claims, expected) => {
    expect(outcomeOf(read(type, claims))).toEqual(expected);
  });

  it('that is no block by the configuration is a cutoff at its own time', () => {
    const source = { events: { 'account-disabled': 'cutoff' } } as const;
    expect(outcomeOf(read('account-disabled', { iat: now - limit - 1 }, source))).toEqual([
      `end subject alice up to ${-limit - 1} (account_disabled)`,
    ]);
  });
});

describe('the newest state of an account', () => {
  const atNow = Math.floor(Date.now() / 1000);
  const stateOf = (type: string, at: number) => {
    const reading = readSetClaims(set(`${risc}${type}`, { sub_id: user(), iat: at }), {
      source: profile({ allow: everything }),
      nowMs: atNow * 1000,
    });
    const effect: Effect | undefined = reading.outcome === 'accepted' ? reading.signals[0]?.effects[0] : undefined;
    if (effect?.kind !== 'block' && effect?.kind !== 'lift') throw new Error(`expected a state, found ${effect?.kind}`);
    return effect;
  };

  it.each([
    ['an account-enabled that was overtaken is found', -60, true],
    ['a state of the same second is applied', 0, false],
    ['a later state is applied', 1, false],
  ])('%s', async (_name, offset, expected) => {
    await using publisher = await createPublisher('memory:');
    const replica = openReplica({ feed: publisher.feed, clock: systemClock, random: systemRandom });
    const disabled = stateOf('account-disabled', atNow - 10);
    const { revocation, id } = accountStateRevocation(disabled);
    await publisher.revoke(revocation, { id });
    const asking = stateOf('account-enabled', atNow - 10 + offset);
    const atSeconds = stateSecondsOf(asking) + 1;
    const { digests, issuedAt } = accountStateQuestion(asking, { state: 'block', atSeconds });
    const other = accountStateQuestion(asking, { state: 'lift', atSeconds });
    const digest = digestOf(valueOfTarget(revocation));
    await until(() => replica.denylist.get(digest), { what: 'the state in the denylist' });
    const isKnown = replica.denylist.denyingDimension(digests, issuedAt, atNow) !== undefined;
    const isOtherKnown = replica.denylist.denyingDimension(other.digests, issuedAt, atNow) !== undefined;
    await replica.close();
    expect({ isKnown, isOtherKnown }).toEqual({ isKnown: expected, isOtherKnown: false });
  });

  it('is one of its account: it denies no token', () => {
    const { revocation } = accountStateRevocation(stateOf('account-disabled', atNow));
    expect(revocation).toMatchObject({ issuer: 'urn:revocast:account-state', issuedUpTo: atNow });
  });
});
