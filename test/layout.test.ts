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
];
const others = ['apps/cli', 'apps/demo', 'chaos', 'bench', 'test-support'];
const folders = [...published, ...others].flatMap((workspace) => foldersUnder(`${workspace}/src`));

it('keeps every folder small enough to read at a glance', () => {
  expect(folders.filter(({ files }) => files > maxFiles)).toEqual([]);
});

it('names each folder of a package with a word of ARCHITECTURE.md', () => {
  const named = new Set([...architecture.matchAll(/`([a-z/-]+)`/g)].map(([, name = '']) => name));
  const inside = published.flatMap((workspace) =>
    folders
      .filter(({ path }) => path.startsWith(`${workspace}/src/`))
      .map(({ path }) => relative(`${workspace}/src`, path).split(sep).join('/')),
  );
  const containers = inside.filter((path) => inside.some((other) => other.startsWith(`${path}/`)) && !named.has(path));
  expect(inside.filter((path) => !named.has(path) && !containers.includes(path))).toEqual([]);
});
