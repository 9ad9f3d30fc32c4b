import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { http } from '../../../src/http/client/node-http.ts';

it('no module imports HTTP of Node, which would load the client of fetch into every process', () => {
  const folder = new URL('../../../src/', import.meta.url);
  const importers = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.endsWith('.ts') && /^import (?!type\b).*'node:https?';$/m.test(readFileSync(new URL(name, folder), 'utf8')),
  );
  expect(importers).toEqual([]);
  expect(typeof http.request).toBe('function');
});
