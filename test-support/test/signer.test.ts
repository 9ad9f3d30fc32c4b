import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { createSigner } from '../src/signer.ts';

describe('a signer', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'signs %s tokens that its key set verifies',
    async (algorithm) => {
      const signer = await createSigner({ algorithm });
      const token = await signer.sign();
      const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(signer.jwks), { algorithms: [algorithm] });
      expect(protectedHeader).toEqual({ alg: algorithm, kid: 'key-1', typ: 'at+jwt' });
    },
  );

  it('signs tokens with every claim that RFC 9068 requires', async () => {
    const signer = await createSigner({ nowMs: () => 1_700_000_000_999 });
    expect(decodeJwt(await signer.sign())).toEqual({
      iss: 'https://issuer.test/',
      sub: 'user-1',
      aud: 'https://api.test',
      client_id: 'client-1',
      iat: 1_700_000_000,
      exp: 1_700_000_300,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('gives each token a different jti', async () => {
    const signer = await createSigner();
    const ids = await Promise.all([signer.sign(), signer.sign()].map(async (token) => decodeJwt(await token).jti));
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('replaces, adds and removes claims and header members', async () => {
    const signer = await createSigner({ nowMs: () => 1_700_000_000_000 });
    const token = await signer.sign(
      { sub: 'user-2', sid: 'session-1', jti: undefined },
      { header: { kid: undefined, extra: 1 }, typ: 'JWT', expiresInSeconds: 60 },
    );
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT', extra: 1 });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ sub: 'user-2', sid: 'session-1', exp: 1_700_000_060 });
    expect(claims).not.toHaveProperty('jti');
  });

  it('computes exp from a given iat', async () => {
    const signer = await createSigner();
    expect(decodeJwt(await signer.sign({ iat: 1000 }))).toMatchObject({ iat: 1000, exp: 1300 });
  });

  it('has a different key from a signer with the same kid and algorithm', async () => {
    const [one, other] = [await createSigner(), await createSigner()];
    const foreign = jwtVerify(await one.sign(), createLocalJWKSet(other.jwks));
    await expect(foreign).rejects.toThrow(errors.JWSSignatureVerificationFailed);
  });

  it('shares the key of the process with reuseKey', async () => {
    const one = await createSigner({ algorithm: 'RS256', reuseKey: true, kid: 'a' });
    const other = await createSigner({ algorithm: 'RS256', reuseKey: true, kid: 'b' });
    expect(other.publicJwk).toEqual({ ...one.publicJwk, kid: 'b' });
  });

  it('publishes no private member', async () => {
    const { publicJwk } = await createSigner({ algorithm: 'RS256', reuseKey: true });
    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });
});
