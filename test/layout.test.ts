import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
const maxFiles = 16;

interface Folder {
  readonly path: string;
  readonly files: number;
}

function foldersUnder(path: string): Folder[] {
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${path}/${name}`);
  return [{ path, files: entries.length - folders.length }, ...folders.flatMap(foldersUnder)];
}

const published = [
  'packages/denylist',
  'packages/middleware',
  'packages/issuer',
  'packages/testing',
  'apps/sidecar',
  'apps/receiver',
  'apps/cli',
];
const others = ['apps/demo', 'chaos', 'bench', 'test-support'];
const folders = [...published, ...others].flatMap((workspace) => foldersUnder(`${workspace}/src`));

it('keeps every folder small enough to read at a glance', () => {
  expect(folders.filter(({ files }) => files > maxFiles)).toEqual([]);
});

/** The folders that the table "Folders" lists for each package. */
function listedFolders(): ReadonlyMap<string, readonly string[]> {
  const section = architecture.split('\n## Folders\n')[1]?.split('\n## ')[0] ?? '';
  const listed = new Map<string, string[]>();
  let current = '';
  for (const [, name = '', folders = ''] of section.matchAll(/^\| ([a-z]*) *\| (`[^|]+) \|/gm)) {
    current = name === '' ? current : name;
    const found = [...folders.matchAll(/`([a-z/-]+)`/g)].map(([, folder = '']) => folder);
    listed.set(current, [...(listed.get(current) ?? []), ...found]);
  }
  return listed;
}

it.each(published)('lists every folder of %s in ARCHITECTURE.md, and no other', (workspace) => {
  const inside = folders
    .filter(({ path, files }) => files > 0 && path.startsWith(`${workspace}/src/`))
    .map(({ path }) => relative(`${workspace}/src`, path).split(sep).join('/'));
  const listed = listedFolders().get(workspace.split('/').at(-1) ?? '') ?? [];
  expect([...listed].sort()).toEqual(inside.sort());
});
