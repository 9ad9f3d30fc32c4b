import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { constants, costsWith } from '../../src/scale/constants.ts';

const root = new URL('../../../', import.meta.url);

describe('the constants of the scale model', () => {
  const read = Object.entries(constants).flatMap(([name, { value, from }]) =>
    'file' in from ? [[name, value, from] as const] : [],
  );

  it.each(read)('%s is %d, as in the code', (_name, value, { file, name }) => {
    const source = readFileSync(new URL(file, root), 'utf8');
    const found = new RegExp(`const ${name} = ([\\d_]+);`).exec(source)?.[1];
    expect(Number(found?.replaceAll('_', ''))).toBe(value);
  });

  it('name the measurement of every other constant', () => {
    for (const { value, from } of Object.values(constants)) {
      expect(value).toBeGreaterThan(0);
      expect('file' in from ? from.file : from.measured).not.toBe('');
    }
  });

  it('can be replaced separately', () => {
    expect(costsWith({ frameMs: 7 })).toEqual({ ...costsWith(), frameMs: 7 });
  });
});
