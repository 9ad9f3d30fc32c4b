import { describe, expect, it } from '@jest/globals';
import { readClientClasses } from '../../src/options/client-classes.ts';

describe('the classes of clients', () => {
  it('are a configured name, other or unknown for each client', () => {
    const { names, classOf } = readClientClasses('clientClasses', { browser: ['spa', 'portal'], batch: 'cron' });
    expect(names).toEqual(['browser', 'batch', 'other', 'unknown']);
    expect(['spa', 'portal', 'cron', 'another', '__proto__', undefined].map(classOf)).toEqual([
      'browser',
      'browser',
      'batch',
      'other',
      'other',
      'unknown',
    ]);
  });

  it('are the same result for the same object, and for none', () => {
    const given = { browser: ['spa'] };
    expect(readClientClasses('clientClasses', given)).toBe(readClientClasses('clientClasses', given));
    expect(readClientClasses('clientClasses', undefined)).toBe(readClientClasses('clientClasses', undefined));
  });

  const classes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, ['x']]));

  it('are at most 20', () => {
    expect(readClientClasses('clientClasses', classes(20)).names).toHaveLength(22);
    expect(() => readClientClasses('clientClasses', classes(21))).toThrow('clientClasses: expected at most 20 names');
  });

  it.each<[string, unknown]>([
    ['clientClasses', 'browser'],
    ['clientClasses', { 'a b': ['c'] }],
    ['clientClasses', { ['a'.repeat(65)]: ['c'] }],
    ['clientClasses.a', { a: [] }],
    ['clientClasses.a', { a: [1] }],
  ])('reject %s as %j', (option, given) => {
    expect(() => readClientClasses('clientClasses', given)).toThrow(option);
  });
});
