import { describe, expect, it } from '@jest/globals';
import { discoverJwksUri, metadataUrls } from '../../src/jwks/discover.ts';
import type { DocumentFetch } from '../../src/jwks/fetch-document.ts';

const issuer = 'https://login.example.com/tenant';
const openid = 'https://login.example.com/tenant/.well-known/openid-configuration';
const oauth = 'https://login.example.com/.well-known/oauth-authorization-server/tenant';
const jwksUri = 'https://keys.example.com/jwks';
const metadata = (members: Record<string, unknown> = {}): DocumentFetch => ({
  result: 'loaded',
  document: { issuer, jwks_uri: jwksUri, ...members },
});
const missing: DocumentFetch = { result: 'failed', code: 'bad_status' };

async function discover(answers: Readonly<Record<string, DocumentFetch>>, signal = new AbortController().signal) {
  const asked: string[] = [];
  const discovery = await discoverJwksUri(
    issuer,
    async ({ url }) => {
      asked.push(url);
      return answers[url] ?? missing;
    },
    signal,
  );
  return { asked, result: discovery.ok ? discovery.jwksUri : discovery.code };
}

describe('metadataUrls', () => {
  it.each([
    [
      'https://a.example',
      'https://a.example/.well-known/openid-configuration',
      'https://a.example/.well-known/oauth-authorization-server',
    ],
    [
      'https://a.example/',
      'https://a.example/.well-known/openid-configuration',
      'https://a.example/.well-known/oauth-authorization-server',
    ],
    [
      'https://a.example/t/1/',
      'https://a.example/t/1/.well-known/openid-configuration',
      'https://a.example/.well-known/oauth-authorization-server/t/1',
    ],
    [
      'http://127.0.0.1:8080/x',
      'http://127.0.0.1:8080/x/.well-known/openid-configuration',
      'http://127.0.0.1:8080/.well-known/oauth-authorization-server/x',
    ],
  ])('appends to and inserts into %s', (identifier, ...urls) => {
    expect(metadataUrls(identifier)).toEqual(urls);
  });

  it.each([
    '',
    'login.example.com',
    'https://a.example/?tenant=1',
    'https://a.example/#x',
    'urn:issuer',
    'data:text/plain,x',
  ])('has no URL for %j', (identifier) => {
    expect(metadataUrls(identifier)).toEqual([]);
  });
});

describe('discoverJwksUri', () => {
  it('returns the key set URL in the OpenID metadata', async () => {
    expect(await discover({ [openid]: metadata() })).toEqual({ asked: [openid], result: jwksUri });
  });

  it.each(['bad_status', 'bad_content_type', 'bad_json', 'redirect', 'too_large'] as const)(
    'turns to the OAuth metadata when the first place answers %s',
    async (code) => {
      const answers = { [openid]: { result: 'failed', code } as const, [oauth]: metadata() };
      expect(await discover(answers)).toEqual({ asked: [openid, oauth], result: jwksUri });
    },
  );

  it.each(['network', 'timeout'] as const)('sends no second request after %s', async (code) => {
    const answers = { [openid]: { result: 'failed', code } as const, [oauth]: metadata() };
    expect(await discover(answers)).toEqual({ asked: [openid], result: code });
  });

  it('sends no second request after the deadline', async () => {
    expect(await discover({}, AbortSignal.abort())).toEqual({ asked: [openid], result: 'bad_status' });
  });

  it.each([
    ['with a slash more', `${issuer}/`],
    ['in another case', 'https://LOGIN.example.com/tenant'],
    ['of another tenant', 'https://login.example.com/other'],
    ['missing', undefined],
    ['in a list', [issuer]],
  ])('refuses metadata whose issuer is %s', async (_title, claimed) => {
    expect((await discover({ [openid]: metadata({ issuer: claimed }) })).result).toBe('issuer_mismatch');
  });

  it.each([undefined, 5, null, ['https://keys.example.com']])('rejects metadata whose jwks_uri is %j', async (uri) => {
    expect((await discover({ [openid]: metadata({ jwks_uri: uri }) })).result).toBe('bad_metadata');
  });

  it('returns the failure of the first URL when both fail', async () => {
    expect(await discover({})).toEqual({ asked: [openid, oauth], result: 'bad_status' });
  });
});
