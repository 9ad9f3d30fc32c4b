import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { failures } from '../src/fault.ts';
import { faults } from '../src/faults/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}docs/guarantees.md`, 'utf8');
const named = [...text.matchAll(/`chaos:([a-z0-9/-]+)`/g)]
  .map((match) => match[1] ?? '')
  .filter((name) => name !== 'name');
const files = [...text.matchAll(/`([\w./-]+\.test\.ts)`/g)].map((match) => match[1] ?? '');

describe('docs/guarantees.md', () => {
  it.each([...new Set(named)])('names an existing fault or group: %s', (prefix) => {
    expect(
      faults.filter(({ name }) => name === prefix || (prefix.endsWith('/') && name.startsWith(prefix))),
    ).not.toEqual([]);
  });

  it.each([...new Set(files)])('names an existing test: %s', (file) => {
    expect(existsSync(`${root}${file}`)).toBe(true);
  });

  it('names every fault', () => {
    const unnamed = faults.filter(({ name }) => !named.some((prefix) => name === prefix || name.startsWith(prefix)));
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });
});

describe('the faults', () => {
  it('are at least forty with different names', () => {
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
    expect(faults.length).toBeGreaterThanOrEqual(40);
  });

  it.each(failures)('cover the row of the failure table: %s', (failure) => {
    expect(faults.some((fault) => fault.failure === failure)).toBe(true);
  });
});
