import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import type { DocumentFetch } from '../../src/jwks/fetch-document.ts';
import { createKeySetLoader, type KeySetLocation } from '../../src/jwks/load-key-set.ts';
import { defaultKeySetLimits } from './default-limits.ts';
import { mintEcKey } from './minted-keys.ts';

const issuer = 'https://login.example.com';
const metadataUrl = `${issuer}/.well-known/openid-configuration`;
const jwksUri = `${issuer}/jwks`;
const limits = { ...defaultKeySetLimits, maxKeys: 2 };
const keys = [mintEcKey({ kid: 'one' }).jwk];

function open(location: KeySetLocation) {
  const clock = new FakeClock();
  const asked: { url: string; etag?: string }[] = [];
  const answers: Record<string, DocumentFetch> = {
    [metadataUrl]: { result: 'loaded', document: { issuer, jwks_uri: jwksUri } },
    [jwksUri]: { result: 'loaded', document: { keys }, etag: '"1"', maxAgeMs: 60_000 },
  };
  const load = createKeySetLoader({
    location,
    clock,
    limits,
    fetchDocument: async ({ url, etag }) => {
      asked.push({ url, etag });
      return answers[url] ?? { result: 'failed', code: 'bad_status' };
    },
  });
  const { signal } = new AbortController();
  return {
    clock,
    asked,
    answers,
    load: (etag?: { url: string; etag: string }) => load({ signal, validator: etag }),
  };
}

describe('a key set loader', () => {
  it('reads the set at a given URL', async () => {
    const { load, asked } = open({ jwksUri });
    expect(await load()).toMatchObject({
      result: 'loaded',
      keySet: { keys: [{ kid: 'one' }] },
      validator: { url: jwksUri, etag: '"1"' },
      maxAgeMs: 60_000,
    });
    expect(asked).toEqual([{ url: jwksUri }]);
  });

  it('discovers the URL once when only the issuer is given', async () => {
    const { load, asked } = open({ issuer });
    expect((await load()).result).toBe('loaded');
    expect((await load()).result).toBe('loaded');
    expect(asked.map(({ url }) => url)).toEqual([metadataUrl, jwksUri, jwksUri]);
  });

  it('discovers again at the hard age, and not one millisecond before', async () => {
    const { load, asked, clock } = open({ issuer });
    await load();
    await clock.advance(limits.hardAgeMs - 1);
    await load();
    expect(asked).toHaveLength(3);
    await clock.advance(1);
    await load();
    expect(asked.map(({ url }) => url).slice(3)).toEqual([metadataUrl, jwksUri]);
  });

  it('discovers again after a failure, because the set may have moved', async () => {
    const { load, asked, answers } = open({ issuer });
    const set = answers[jwksUri];
    answers[jwksUri] = { result: 'failed', code: 'bad_status' };
    expect(await load()).toMatchObject({ result: 'failed', code: 'bad_status' });
    const moved = `${issuer}/moved`;
    answers[metadataUrl] = { result: 'loaded', document: { issuer, jwks_uri: moved } };
    if (set !== undefined) answers[moved] = set;
    expect((await load()).result).toBe('loaded');
    expect(asked.map(({ url }) => url)).toEqual([metadataUrl, jwksUri, metadataUrl, moved]);
  });

  it('requests no keys when the metadata belong to another issuer', async () => {
    const { load, asked, answers } = open({ issuer });
    answers[metadataUrl] = { result: 'loaded', document: { issuer: `${issuer}/`, jwks_uri: jwksUri } };
    expect(await load()).toMatchObject({ result: 'failed', code: 'issuer_mismatch' });
    expect(asked.some(({ url }) => url === jwksUri)).toBe(false);
  });

  it('sends a validator only to the URL that it came from', async () => {
    const { load, asked } = open({ jwksUri });
    await load({ url: jwksUri, etag: '"1"' });
    await load({ url: `${issuer}/elsewhere`, etag: '"1"' });
    expect(asked).toEqual([{ url: jwksUri, etag: '"1"' }, { url: jwksUri }]);
  });

  it('accepts "not modified" only for a request with a validator', async () => {
    const { load, answers } = open({ jwksUri });
    answers[jwksUri] = { result: 'not_modified', maxAgeMs: 5 };
    expect(await load({ url: jwksUri, etag: '"1"' })).toEqual({ result: 'not_modified', maxAgeMs: 5 });
    expect(await load()).toMatchObject({ result: 'failed', code: 'bad_status' });
  });

  it.each([
    [{ keys: [] }, 'no_usable_keys'],
    [{ keys: [null, null, null] }, 'too_many_keys'],
    [{ error: 'not found' }, 'not_a_key_set'],
  ])('fails on %j with %s', async (document, code) => {
    const { load, answers } = open({ jwksUri });
    answers[jwksUri] = { result: 'loaded', document, etag: '"2"' };
    expect(await load()).toMatchObject({ result: 'failed', code });
  });
});
