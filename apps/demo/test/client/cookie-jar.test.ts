import { describe, expect, it } from '@jest/globals';
import { createCookieJar } from '../../src/client/cookie-jar.ts';

describe('a cookie jar', () => {
  it('sends a cookie only under its path', () => {
    const jar = createCookieJar();
    jar.store(['a=1; path=/login', 'b=2; Path=/; HttpOnly']);
    expect(jar.headerFor('/login')).toBe('a=1; b=2');
    expect(jar.headerFor('/login/step')).toBe('a=1; b=2');
    expect(jar.headerFor('/loginx')).toBe('b=2');
  });

  it('is empty at first', () => {
    expect(createCookieJar().headerFor('/')).toBeUndefined();
  });

  it('replaces a cookie of the same name and path, and keeps equals signs', () => {
    const jar = createCookieJar();
    jar.store(['a=1; path=/', 'a=2=2; path=/']);
    expect(jar.headerFor('/')).toBe('a=2=2');
  });

  it.each(['a=; path=/', 'a=1; path=/; max-age=0', 'a=1; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT'])(
    'removes a cookie on %j',
    (line) => {
      const jar = createCookieJar();
      jar.store(['a=1; path=/', 'b=2; path=/']);
      jar.store([line]);
      expect(jar.headerFor('/')).toBe('b=2');
    },
  );
});
