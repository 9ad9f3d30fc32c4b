import { describe, expect, it, jest } from '@jest/globals';
import type { Auth } from '../../src/decision.ts';
import type { Admission } from '../../src/gate/admission.ts';
import * as here from '../../src/gate/admitted-request.ts';

describe('the admission noted on a request', () => {
  it('is found by another copy of this package', async () => {
    jest.resetModules();
    const { admissionOf } = await import('../../src/gate/admitted-request.ts');
    expect(admissionOf).not.toBe(here.admissionOf);
    const request = {};
    const admission = { forwardErrors: true } as Admission;
    here.noteAdmission(request, admission);
    expect(admissionOf(request)).toBe(admission);
    expect(admissionOf({})).toBeUndefined();
  });

  it('adds only auth to the names of the request', () => {
    const request = {};
    const auth = {} as Auth;
    here.noteAdmission(request, { auth } as Admission);
    expect(Object.keys(request)).toEqual(['auth']);
  });

  describe.each<[string, () => object, boolean]>([
    ['a frozen request', () => Object.freeze({}), false],
    ['a sealed request', () => Object.seal({}), false],
    [
      'a request with a getter of its prototype',
      () =>
        Object.create({
          get auth() {
            return 'theirs';
          },
        }),
      true,
    ],
    [
      'a request with a getter that can be replaced',
      () => Object.defineProperty({}, 'auth', { get: () => 'theirs', configurable: true }),
      true,
    ],
    ['a request with a getter that stays', () => Object.defineProperty({}, 'auth', { get: () => 'theirs' }), false],
    ['a request with a frozen auth', () => Object.defineProperty({}, 'auth', { value: 'theirs' }), false],
  ])('on %s', (_what, make, setsAuth) => {
    it('is found, and req.auth is set where it can be', () => {
      const request = make();
      const auth = {} as Auth;
      const admission = { auth, strength: 2 } as Admission;
      expect(here.noteAdmission(request, admission)).toBe(admission);
      expect(here.admissionOf(request)).toBe(admission);
      expect(Reflect.get(request, 'auth') === auth).toBe(setsAuth);
      const weaker = { strength: 0 } as Admission;
      expect(here.noteAdmission(request, weaker)).toBe(admission);
    });
  });
});
