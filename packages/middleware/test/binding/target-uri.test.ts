import { describe, expect, it } from '@jest/globals';
import { normalUri, targetUri } from '../../src/binding/target-uri.ts';

describe('normalUri', () => {
  it.each([
    ['https://api.test', 'https://api.test/'],
    ['HTTPS://API.test:443/a', 'https://api.test/a'],
    ['https://api.test:8443/a', 'https://api.test:8443/a'],
    ['https://api.test/..a/.b/c.', 'https://api.test/..a/.b/c.'],
    ['https://api.test/a?b=/../c\\d', 'https://api.test/a'],
    ['https://api.test/%7euser/%2f', 'https://api.test/~user/%2F'],
    ['https://api.test/a?b=c#d', 'https://api.test/a'],
    ['https://api.test/caf\u00e9', 'https://api.test/caf%C3%A9'],
  ])('writes %s as %s', (text, normal) => {
    expect(normalUri(text)).toBe(normal);
  });

  it.each(['', '/a', 'api.test/a', 'ftp://api.test/', 'https://', 'https://user@api.test/', 'javascript:alert(1)'])(
    'returns undefined for %j',
    (text) => {
      expect(normalUri(text)).toBeUndefined();
    },
  );

  // A parser of URLs removes these; a router may not, so that a proof would fit two routes.
  it.each([
    '/a/./b',
    '/a/../b',
    '/.',
    '/..',
    '/%2e%2E/b',
    '/a/.%2e',
    '/%2E',
    '/a\\b',
    '\\a',
    '/a\t/b',
    '/.\n./b',
    '/a b',
    '/\0',
  ])('returns undefined for the path %j', (path) => {
    expect(normalUri(`https://api.test${path}`)).toBeUndefined();
  });
});

describe('targetUri', () => {
  const origin = 'https://api.test';
  const request = (url?: string, originalUrl?: string) => ({ headers: { host: 'evil.test' }, url, originalUrl });

  it('is the configured origin and the received path', () => {
    expect(targetUri(request('/orders?page=2'), origin)).toBe('https://api.test/orders');
    expect(targetUri(request('/orders'), `${origin}/v1`)).toBe('https://api.test/v1/orders');
  });

  it('has the complete path where a framework has removed a prefix', () => {
    expect(targetUri(request('/7', '/orders/7'), origin)).toBe('https://api.test/orders/7');
  });

  it.each(['/a/../b', '/%2e%2e/b', '/\\evil.test/x'])('is undefined for the path %s', (url) => {
    expect(targetUri(request(url), origin)).toBeUndefined();
  });

  it.each(['//evil.test/x', '/@evil.test/'])('stays at that origin for %s', (url) => {
    expect(targetUri(request(url), origin)?.startsWith('https://api.test/')).toBe(true);
  });

  it.each([undefined, '', '*', 'http://evil.test/x', 'evil.test:443'])('is undefined for the target %j', (url) => {
    expect(targetUri(request(url), origin)).toBeUndefined();
  });
});
