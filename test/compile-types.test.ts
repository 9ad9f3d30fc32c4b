import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from '@jest/globals';

const script = new URL('../scripts/compile-types.mjs', import.meta.url);
const { dropStaleTypes } = await import(script.href);

const root = mkdtempSync(join(tmpdir(), 'revocast-types-'));
const [saved, dist] = [join(root, 'test-types'), join(root, 'dist')];
const results = join(saved, '.tsbuildinfo');
const declaration = join(dist, 'inner', 'clock.d.ts');

beforeEach(() => {
  mkdirSync(join(dist, 'inner'), { recursive: true });
  writeFileSync(declaration, 'export declare const a: 1;');
  dropStaleTypes(saved, [dist]);
  writeFileSync(results, '{}');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('keeps the saved results of tests while the declarations have the same content', () => {
  writeFileSync(declaration, 'export declare const a: 1;');
  writeFileSync(join(dist, 'clock.js'), 'export const a = 1;');
  dropStaleTypes(saved, [dist]);
  expect(existsSync(results)).toBe(true);
});

it('removes them when a declaration has changed, was added or was removed', () => {
  writeFileSync(declaration, 'export declare const a: 2;');
  dropStaleTypes(saved, [dist]);
  expect(existsSync(results)).toBe(false);
  writeFileSync(results, '{}');
  writeFileSync(join(dist, 'more.d.ts'), '');
  dropStaleTypes(saved, [dist]);
  expect(existsSync(results)).toBe(false);
  writeFileSync(results, '{}');
  rmSync(join(dist, 'more.d.ts'));
  dropStaleTypes(saved, [dist]);
  expect(existsSync(results)).toBe(false);
});

it('removes results whose declarations are unknown', () => {
  rmSync(join(saved, 'declarations.sha256'));
  dropStaleTypes(saved, [dist]);
  expect(existsSync(results)).toBe(false);
});
