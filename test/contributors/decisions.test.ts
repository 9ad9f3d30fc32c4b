import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exists, root, textOf } from './repository-files.ts';

const folder = 'docs/decisions';
const pages = readdirSync(join(root, folder)).filter((name) => name !== 'README.md');
const index = textOf(`${folder}/README.md`);
const headings = ['Context', 'Decision', 'What was tried', 'Consequences'];

/** The text below each heading of the second level, in order. */
function sectionsOf(text: string): { heading: string; body: string }[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      heading: section.split('\n')[0] ?? '',
      body: section.slice(section.indexOf('\n')).trim(),
    }));
}

it('there are at least ten decisions, numbered without a gap', () => {
  const numbers = pages.map((name) => Number(/^(\d\d)-[a-z0-9-]+\.md$/.exec(name)?.[1])).sort((a, b) => a - b);
  expect(numbers.length).toBeGreaterThanOrEqual(10);
  expect(numbers).toEqual(numbers.map((_number, position) => position + 1));
});

describe.each(pages)('the decision %s', (name) => {
  const text = textOf(`${folder}/${name}`);
  const title = text.split('\n')[0]?.replace(/^# /, '') ?? '';

  it('has the four headings in order, with text below each', () => {
    const sections = sectionsOf(text);
    expect(sections.map(({ heading }) => heading)).toEqual(headings);
    expect(sections.filter(({ body }) => body === '')).toEqual([]);
  });

  it('is listed in the index under its title, which has the number of its file', () => {
    expect(title).toMatch(new RegExp(`^${Number(name.slice(0, 2))}\\. `));
    expect(index.split('\n').filter((line) => line.startsWith(`| [${title}](${name}) | `))).toHaveLength(1);
  });

  it('is about one screen', () => {
    const words = text.split(/\s+/).length;
    expect({ tooShort: words < 200, tooLong: words > 500 }).toEqual({ tooShort: false, tooLong: false });
  });

  it('names no source file, because files move', () => {
    expect(text.match(/\bsrc\/|[\w-]+\.ts\b/g)).toBeNull();
  });

  it('links only to pages that exist', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !exists(join(dirname(`${folder}/${name}`), target)))).toEqual([]);
  });
});
