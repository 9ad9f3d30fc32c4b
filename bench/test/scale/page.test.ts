import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentedFleet, pageParts, withParts } from '../../src/scale/page.ts';

const page = readFileSync(new URL('../../../docs/scale.md', import.meta.url), 'utf8');
const parts = pageParts(documentedFleet);

describe('docs/scale.md', () => {
  it('shows the results of the model (npm run scale -- --write regenerates them)', () => {
    expect(withParts(page, parts)).toBe(page);
  });

  it('shows every part once', () => {
    const shown = [...page.matchAll(/<!-- scale:([a-z-]+) -->/g)].map(([, name]) => name);
    expect(shown.sort()).toEqual([...parts.keys()].sort());
  });
});
