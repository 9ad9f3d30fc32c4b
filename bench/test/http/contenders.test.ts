import { describe, expect, it } from '@jest/globals';
import { chooseContenders, contenders } from '../../src/http/contenders/index.ts';

const namesFor = (...words: string[]) => chooseContenders(words).map(({ name }) => name);

describe('the choice of contenders', () => {
  it('is all contenders by default, with different names', () => {
    expect(chooseContenders(undefined)).toBe(contenders);
    expect(new Set(contenders.map(({ name }) => name)).size).toBe(contenders.length);
  });

  it('is the contenders with one of the words in their name, and the bare route', () => {
    expect(namesFor('Revocast', 'sha-256')).toEqual(['bare', 'floor: read, SHA-256, Map, set', 'revocast']);
    expect(namesFor('fast-jwt')).toEqual(['bare', 'fast-jwt + cache', 'fast-jwt']);
  });

  it.each(['revocats', '', ' '])('rejects the word "%s"', (word) => {
    expect(() => chooseContenders(['bare', word])).toThrow(RangeError);
  });
});

describe('the floors', () => {
  const floors = contenders.filter(({ name }) => name.startsWith('floor: '));
  const setting = { issuer: '', audience: '', jwksUri: '', jwks: { keys: [] }, redisUrl: '', feedUrl: '' };

  it('are only in the warm table, in ascending order of work', () => {
    expect(floors.map(({ name, only }) => `${name} ${only}`)).toEqual([
      'floor: read warm',
      'floor: set warm',
      'floor: read, Map, set warm',
      'floor: read, SHA-256, Map, set warm',
    ]);
  });

  it.each(floors)('$name calls next() for each request and does the steps of its name', async ({ name, prepare }) => {
    const middleware = await prepare({ ...setting, algorithm: 'ES256' });
    const authOf = (token: string) => {
      const request: { auth?: unknown; headers: object } = { headers: { authorization: `Bearer ${token}` } };
      let passed = 0;
      middleware?.(request as never, {} as never, () => {
        passed += 1;
      });
      expect(passed).toBe(1);
      return request.auth;
    };
    const [first, second, again] = ['token-1', 'token-2', 'token-1'].map(authOf);
    expect({ name, isSet: first !== undefined }).toEqual({ name, isSet: name.endsWith('set') });
    expect({ name, isRemembered: again === first }).toEqual({ name, isRemembered: true });
    expect({ name, isByToken: second !== first }).toEqual({ name, isByToken: name.includes('Map') });
  });
});
