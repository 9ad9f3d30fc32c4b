import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher, type Publisher, type RevocationTarget } from '@revocast/denylist';
import { createSigner, type Signer } from '@revocast/test-support';
import { calculateJwkThumbprint } from 'jose';
import type { ProfileName } from '../../src/options/profiles.ts';
import { maxValueLength } from '../../src/token/dimensions.ts';
import { createVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function given(profile: ProfileName): Promise<{ signer: Signer; publisher: Publisher; verifier: Verifier }> {
  const signer = await createSigner();
  const publisher = await createPublisher('memory:');
  const { issuer, jwks } = signer;
  const revocation = { feed: publisher };
  const verifier = createVerifier({ issuer, jwks, audience: 'https://api.test', profile, revocation, logger: null });
  opened.push(verifier, publisher);
  expect(await verifier.ready({ timeoutMs: 2000 })).toBe(true);
  return { signer, publisher, verifier };
}

const decisionOf = async (verifier: Verifier, token: string) =>
  verifier.verify({ headers: { authorization: `Bearer ${token}` } });

async function refusalAfter(verifier: Verifier, token: string): Promise<unknown> {
  for (let turn = 0; turn < 200; turn++) {
    const decision = await decisionOf(verifier, token);
    if (decision.outcome === 'rejected') return decision.reason;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return 'still accepted';
}

describe('a verifier finds what a publisher revoked', () => {
  const claims = { sid: 's', grant_id: 'g', sub: 'u', client_id: 'c', jti: 'j', org_id: 'o' };

  it.each([
    ['token', { token: 'j' }],
    ['session', { session: 's' }],
    ['grant', { grant: 'g' }],
    ['subject', { subject: 'u' }],
    ['client', { client: 'c' }],
    ['subject_client', { subject: 'u', client: 'c' }],
    ['key', { key: 'key-1' }],
    ['issuer', { entireIssuer: true }],
  ] as const)('by %s', async (dimension, target) => {
    const { signer, publisher, verifier } = await given('rfc9068');
    const token = await signer.sign(claims);
    expect(await decisionOf(verifier, token)).toMatchObject({ outcome: 'accepted' });
    await publisher.revoke({ issuer: signer.issuer, ...target, reason: 'other' } as RevocationTarget & {
      reason: 'other';
    });
    expect(await refusalAfter(verifier, token)).toBe(`revoked_${dimension}`);
  });

  it.each([
    ['token', 'jti'],
    ['session', 'sid'],
    ['subject', 'sub'],
    ['client', 'client_id'],
  ] as const)(
    'by %s, as long as the publisher accepts its value; a token with a longer one is refused',
    async (name, claim) => {
      const { signer, publisher, verifier } = await given('rfc9068');
      const longest = 'v'.repeat(maxValueLength);
      const token = await signer.sign({ ...claims, [claim]: longest });
      expect(await decisionOf(verifier, token)).toMatchObject({ outcome: 'accepted' });
      const revoke = (value: string) =>
        publisher.revoke({ issuer: signer.issuer, [name]: value, reason: 'other' } as RevocationTarget & {
          reason: 'other';
        });
      await revoke(longest);
      expect(await refusalAfter(verifier, token)).toBe(`revoked_${name}`);

      await expect(revoke(`${longest}v`)).rejects.toThrow(`a string of 1–${maxValueLength} characters`);
      const longer = await signer.sign({ ...claims, [claim]: `${longest}v` });
      expect(await decisionOf(verifier, longer)).toMatchObject({ outcome: 'rejected', reason: 'invalid_claim' });
    },
  );

  it('by tenant, where the profile has a claim for it', async () => {
    const { signer, publisher, verifier } = await given('auth0');
    const token = await signer.sign(claims, { typ: 'JWT' });
    await publisher.revoke({ issuer: signer.issuer, tenant: 'o', reason: 'other' });
    expect(await refusalAfter(verifier, token)).toBe('revoked_tenant');
  });

  it('by the key that verified the token, with any kid in the token and without one', async () => {
    for (const header of [{ kid: 'key-1' }, { kid: undefined }]) {
      const { signer, publisher, verifier } = await given('rfc9068');
      const token = await signer.sign(claims, { header });
      expect(await decisionOf(verifier, token)).toMatchObject({ outcome: 'accepted' });
      const key = await calculateJwkThumbprint(signer.publicJwk);
      await publisher.revoke({ issuer: signer.issuer, key, reason: 'other' });
      expect(await refusalAfter(verifier, token)).toBe('revoked_key');
    }
  });

  it('by the token, with an id and without one', async () => {
    const { signer, publisher, verifier } = await given('generic');
    for (const jti of ['with-an-id', undefined]) {
      const token = await signer.sign({ jti }, { typ: 'JWT' });
      expect(await decisionOf(verifier, token)).toMatchObject({ outcome: 'accepted' });
      await publisher.revokeToken(token);
      expect(await refusalAfter(verifier, token)).toBe('revoked_token');
    }
  });

  it('by the values of req.auth', async () => {
    const { signer, publisher, verifier } = await given('generic');
    const token = await signer.sign({ jti: undefined }, { typ: 'JWT' });
    const decision = await decisionOf(verifier, token);
    if (decision.outcome !== 'accepted') throw new Error('not accepted');
    await publisher.revoke({ issuer: decision.auth.issuer, token: decision.auth.tokenId, reason: 'logout' });
    expect(await refusalAfter(verifier, token)).toBe('revoked_token');
  });
});
