import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

interface Hop {
  readonly files: readonly string[];
  readonly handed: boolean;
}

/** The numbered list under a heading: each line one hop, of one or more files. */
function readPath(heading: string): Hop[] {
  const section = text.split(`### ${heading}\n`)[1]?.split('\n#')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => /^\d+\. /.test(line))
    .map((line) => ({
      files: [...line.matchAll(/`([^`]+\.ts)`/g)].map((match) => match[1] ?? ''),
      handed: line.includes('*handed*'),
    }));
}

const packageEntries: Readonly<Record<string, string>> = {
  '@revocast/denylist': 'packages/denylist/src/index.ts',
  '@revocast/denylist/replica': 'packages/denylist/src/replica.ts',
  '@revocast/denylist/server': 'packages/denylist/src/server.ts',
};

const statement =
  /(?:import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|[^'{]*)\s*from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g;

function namesIn(list: string | undefined): string[] {
  const parts = (list ?? '').split(',').map((part) => part.replace('type ', '').trim());
  return parts.map((part) => part.split(' as ')[0] ?? '').filter((name) => name !== '');
}

/** Files of ours that a file imports or re-exports, types included; a package's entry stands for where the name lives. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(statement)].flatMap(([, list, specifier = '', loaded]) => {
    const from = loaded ?? specifier;
    if (from.startsWith('.')) return [relative(root, resolve(root, dirname(file), from))];
    const entry = packageEntries[from];
    return entry === undefined ? [] : namesIn(list).flatMap((name) => homeOf(name, entry));
  });
}

function homeOf(name: string, entry: string): string[] {
  const source = readFileSync(join(root, entry), 'utf8');
  const home = [...source.matchAll(statement)].find(([, list]) => namesIn(list).includes(name));
  return home?.[2] === undefined ? [] : [relative(root, resolve(root, dirname(entry), home[2]))];
}

const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '--', 'packages/*/src/**.ts'], {
  cwd: root,
  encoding: 'utf8',
});
const entries = new Set(Object.values(packageEntries));
const importers = new Map(
  stdout
    .split('\n')
    .filter((file) => file !== '' && !entries.has(file) && existsSync(join(root, file)))
    .map((file) => [file, new Set(importsOf(file))]),
);

/** What everybody knows says nothing about two files. */
const wellKnown = new Set(['packages/denylist/src/clock.ts', 'packages/denylist/src/rules/digest.ts', ...entries]);

/** A third file imports both and hands one to the other, or both know one port or wire. */
function isHandedOn(from: string, to: string): boolean {
  const byThird = [...importers].some(([file, imports]) => file !== from && imports.has(from) && imports.has(to));
  const shared = importsOf(from).filter((file) => !wellKnown.has(file) && importsOf(to).includes(file));
  return byThird || shared.length > 0 || importsOf(to).includes(from);
}

describe.each(['A request', 'A revocation'])('the path "%s" of ARCHITECTURE.md', (heading) => {
  const hops = readPath(heading);

  it('is short', () => {
    expect(hops.length).toBeGreaterThan(3);
    expect(hops.length).toBeLessThanOrEqual(8);
  });

  it('names files that exist', () => {
    expect(hops.flatMap(({ files }) => files).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('leads from each file to the next, by import or by hand', () => {
    const broken = hops.flatMap((hop, index) => {
      // A step returns to who called it, so any earlier file may lead on.
      const before = [...hops.slice(0, index).flatMap(({ files }) => files), ...hop.files];
      const leads = (to: string) =>
        before.some((from) => from !== to && (importsOf(from).includes(to) || (hop.handed && isHandedOn(from, to))));
      return index === 0 ? [] : hop.files.filter((to) => !leads(to));
    });
    expect(broken).toEqual([]);
  });
});

it('would notice a step that leads nowhere', () => {
  expect(isHandedOn('packages/denylist/src/publisher/publisher.ts', 'packages/middleware/src/express/protect.ts')).toBe(
    false,
  );
  expect(isHandedOn('packages/denylist/src/table/rule-table.ts', 'packages/denylist/src/http/client/feed.ts')).toBe(
    false,
  );
});

it('names every package of the repository and no other', () => {
  const workspaces: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const paths = Object.keys((workspaces as { packages: Record<string, unknown> }).packages).filter(
    (path) => path !== '' && !path.includes('node_modules'),
  );
  const table = text.split('## Packages')[1]?.split('\n## ')[0] ?? '';
  const named = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
  expect(named.sort()).toEqual(paths.sort());
});
