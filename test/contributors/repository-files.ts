import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
export const exists = (path: string): boolean => existsSync(join(root, path));
export const parseYaml = (path: string): unknown => parse(textOf(path));

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly engines?: { readonly node: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

export const readManifest = (path: string): Manifest => JSON.parse(textOf(path));
export const rootManifest = readManifest('package.json');

const workspaces = ['test-support', 'chaos', 'bench'].concat(
  ['packages', 'apps'].flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)),
);

/** Every package.json but the one of the root, by the folder of its workspace. */
export const manifests: ReadonlyMap<string, Manifest> = new Map(
  workspaces.map((path) => [path, readManifest(`${path}/package.json`)]),
);

export const publishedWorkspaces = [...manifests].filter(([, manifest]) => !manifest.private).map(([path]) => path);

/** Committed files, and new ones that are not ignored. */
export function repositoryFiles(): string[] {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return stdout.split('\0').filter((path) => path !== '' && exists(path));
}
