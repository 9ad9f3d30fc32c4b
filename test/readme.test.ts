import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** Files and folders of ours that a page links, from the root. */
function linksOf(page: string): string[] {
  return [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, target = '']) =>
    relative(root, resolve(root, dirname(page), target)),
  );
}

function pagesIn(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

/** Every page that somebody reaches who starts at `first` and follows links. */
function pagesFrom(first: string): Set<string> {
  const reached = new Set([first]);
  for (const page of reached) {
    for (const target of linksOf(page).filter((path) => existsSync(join(root, path)))) {
      const isFolder = statSync(join(root, target)).isDirectory();
      for (const next of isFolder ? pagesIn(target) : [target]) if (next.endsWith('.md')) reached.add(next);
    }
  }
  return reached;
}

describe('README.md', () => {
  const screen = textOf('README.md').split('\n## ')[0] ?? '';

  it('holds on its first screen the two commands, the example, the sidecar, the promise and where its small print is', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    expect([...screen.matchAll(/npm ci && npm (?:run )?(\w+)/g)].map(([, name]) => name)).toEqual(['demo', 'test']);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']));
    for (const part of ['app.use(protect({', 'npx @revocast/sidecar', 'publisher.revoke({', 'maxStalenessMs', '503'])
      expect(screen).toContain(part);
    expect(linksOf('README.md')).toContain('docs/guarantees.md');
    expect(screen.split('\n').length).toBeLessThanOrEqual(50);
  });

  it('leads to every page of the documentation', () => {
    const reached = pagesFrom('README.md');
    expect(pagesIn('docs').filter((page) => !reached.has(page))).toEqual([]);
  });
});

/** What the registry shows of a package is its README. */
const published = ['packages', 'apps']
  .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(parent, name)))
  .filter((folder) => !textOf(join(folder, 'package.json')).includes('"private": true'));

it.each(published)('%s, which is published, has a README that starts with its name', (folder) => {
  const { name } = JSON.parse(textOf(join(folder, 'package.json'))) as { name: string };
  expect(textOf(join(folder, 'README.md')).split('\n')[0]).toBe(`# ${name}`);
});

const pages = [...pagesFrom('README.md'), ...published.map((folder) => join(folder, 'README.md'))];

it.each([...new Set(pages)])('%s links only to what is there', (page) => {
  expect(linksOf(page).filter((target) => !existsSync(join(root, target)))).toEqual([]);
});

/** The TypeScript of every page in which something is revoked. */
const recipes = [...new Set(pages)].flatMap((page) =>
  [...textOf(page).matchAll(/^```ts\n(.*?)^```/gms)]
    .map(([, code = '']) => ({ page, code }))
    .filter(({ code }) => code.includes('publisher.revoke(')),
);

describe('a recipe that revokes', () => {
  it('is in the README of the repository and of the publisher', () => {
    const readmes = ['README.md', 'packages/denylist/README.md'];
    expect(recipes.map(({ page }) => page)).toEqual(expect.arrayContaining(readmes));
  });

  it.each(recipes)(
    'in $page awaits the enforcement of each revocation, or the next request is still accepted',
    ({ code }) => {
      const names = [...code.matchAll(/(\w+) = await publisher\.revoke\(/g)].map(([, name = '']) => name);
      expect(names.length).toBe(code.split('publisher.revoke(').length - 1);
      expect(names.filter((name) => !code.includes(`await ${name}.enforcedEverywhere(`))).toEqual([]);
    },
  );

  it.each(recipes.filter(({ code }) => code.includes('await createPublisher(')))(
    'in $page closes the publisher that it creates, or its process does not end',
    ({ code }) => {
      expect(code).toContain('await publisher.close()');
    },
  );
});

describe('a recipe for tests', () => {
  const kitRecipes = [...new Set(pages)].filter((page) => /```[jt]s\n[^`]*createTestKit\(/.test(textOf(page)));

  it('uses the test kit, in the READMEs and in the pages', () => {
    const expected = ['README.md', 'packages/middleware/README.md', 'packages/testing/README.md', 'docs/mounting.md'];
    expect(kitRecipes).toEqual(expect.arrayContaining(expected));
    const byHand = [...new Set(pages)].filter((page) => textOf(page).includes("createPublisher('memory:')"));
    expect(byHand).toEqual([]);
  });
});

describe('the first steps', () => {
  const firstSteps = ['README.md', 'packages/middleware/README.md', 'packages/denylist/README.md'];

  it.each(firstSteps)('of %s say what to install, and init before the sidecar', (page) => {
    const text = textOf(page);
    expect(text).toMatch(/npm install @revocast\/(middleware|denylist)/);
    expect(text).toContain('npx @revocast/sidecar init --source redis://redis:6379');
    const start = text.indexOf('npx @revocast/sidecar --source');
    if (start !== -1) expect(text.indexOf('npx @revocast/sidecar init')).toBeLessThan(start);
  });

  it.each([
    ...['README.md', 'docs/sidecar.md', 'docs/cli.md', 'docs/errors.md', 'docs/metrics.md'],
    ...['apps/sidecar/README.md', 'packages/middleware/README.md'],
    ...['docs/runbooks/denylist-stale.md', 'docs/runbooks/sidecar-not-ready.md', 'docs/runbooks/revocation-spike.md'],
  ])('%s, which mentions the sidecar, leads to its console', (page) => {
    expect(linksOf(page)).toContain('docs/console.md');
  });
});
