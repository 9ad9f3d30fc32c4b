import { describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import type { SourceProfile } from '../../src/signals/index.ts';
import { readSetClaims } from '../../src/signals/jwt/read-set.ts';
import { caep, everything, issuer, nowMs, profile, risc, set, user } from './messages.ts';

function effectsOf(claims: Parameters<typeof readSetClaims>[0], source: Partial<SourceProfile> = {}, at = nowMs) {
  const reading = readSetClaims(claims, { source: profile({ allow: everything, ...source }), nowMs: at });
  return reading.outcome === 'accepted' ? reading.signals.flatMap(({ effects }) => effects) : [];
}

function idsOf(...args: Parameters<typeof effectsOf>): readonly string[] {
  return effectsOf(...args).flatMap((effect) => ('id' in effect ? [effect.id] : []));
}

const disabled = set(`${risc}account-disabled`, { sub_id: user() });

describe('the id of an effect', () => {
  it('is the same for every delivery of an event', () => {
    const [first] = effectsOf(disabled);
    const [second] = effectsOf(disabled, {}, nowMs + 3_600_000);
    expect(second).toEqual(first);
    expect('id' in first! && first.id).toMatch(/^[\w-]{43}$/);
  });

  it.each<[string, Parameters<typeof effectsOf>]>([
    ['another event', [{ ...disabled, jti: 'set-2' }]],
    ['another source', [disabled, { name: 'other' }]],
    ['another issuer of SETs', [{ ...disabled, iss: 'https://b.example' }, { issuer: 'https://b.example' }]],
    ['another time: its sender used the id again', [{ ...disabled, toe: Math.floor(nowMs / 1000) - 60 }]],
    ['another subject', [set(`${risc}account-disabled`, { sub_id: user('bob') })]],
    ['another kind: a block that is late', [disabled, {}, nowMs + 24 * 3_600_000]],
    ['another type of event', [set(`${risc}account-purged`, { sub_id: user() })]],
  ])('differs for %s', (_name, args) => {
    expect(idsOf(...args)).toHaveLength(1);
    expect(idsOf(...args)).not.toEqual(idsOf(disabled));
  });

  it('is one for each value that an event revokes', () => {
    const identifiers = [user(), user('bob'), user()];
    const ids = idsOf(set(`${caep}session-revoked`, { sub_id: { format: 'aliases', identifiers } }));
    expect(new Set(ids).size).toBe(2);
  });
});

describe('an effect', () => {
  it.each([
    ['a session', set(`${caep}session-revoked`, { sub_id: { format: 'opaque', id: 's' } })],
    ['a token', set(`${caep}session-revoked`, { sub_id: { format: 'jwt_id', iss: issuer, jti: 'j' } })],
    ['a cutoff of a subject', set(`${caep}session-revoked`, { sub_id: user() })],
    [
      'a cutoff of a subject at a client',
      set(`${caep}session-revoked`, {
        sub_id: { format: 'complex', user: user(), application: { format: 'opaque', id: 'web' } },
      }),
    ],
    [
      'a cutoff of a tenant',
      set(`${caep}session-revoked`, { sub_id: { format: 'complex', tenant: { format: 'opaque', id: 't' } } }),
    ],
    ['a block', disabled],
    ['a lift', set(`${risc}account-enabled`, { sub_id: user() })],
  ])('is accepted by the log, also twice: %s', async (_name, claims) => {
    await using publisher = await createPublisher('memory:');
    const at = Math.floor(Date.now() / 1000);
    const [effect] = effectsOf({ ...claims, iat: at }, {}, at * 1000);
    if (effect === undefined || !('id' in effect)) throw new Error('expected an effect of the log');
    const write = () =>
      effect.kind === 'lift'
        ? publisher.lift(effect.lift, { id: effect.id })
        : publisher.revoke(effect.revocation, { id: effect.id });
    expect([(await write()).id, (await write()).id]).toEqual([effect.id, effect.id]);
    const another = publisher.revoke({ issuer, session: 'another', reason: 'logout' }, { id: effect.id });
    await expect(another).rejects.toMatchObject({ code: 'id_conflict' });
  });
});
