// Reads the workspaces of a repository with their sources, and resolves specifiers between files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { readSource } from './read-source.mjs';

/**
 * @typedef {{ path: string, inside: string } & import('./read-source.mjs').SourceFacts} SourceFile
 *   `path` is absolute, `inside` is relative to the workspace's `src`, with slashes.
 * @typedef {object} Workspace
 * @property {string} path from the repository's root, with slashes
 * @property {string} folder absolute
 * @property {Record<string, any>} manifest its package.json
 * @property {Map<string, SourceFile>} sources by absolute path
 * @property {SourceFile[]} tests
 */

/** @returns {Workspace[]} */
export function findWorkspaces(root) {
  const { workspaces: patterns } = readJson(join(root, 'package.json'));
  return patterns
    .flatMap((pattern) => (pattern.endsWith('/*') ? foldersIn(root, pattern.slice(0, -2)) : [pattern]))
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .map((path) => {
      const folder = join(root, path);
      const read = (file) => {
        const inside = relative(join(folder, 'src'), file).split(sep).join('/');
        return { path: file, inside, ...readSource(file) };
      };
      const sources = new Map(typescriptIn(join(folder, 'src')).map((file) => [file, read(file)]));
      const tests = typescriptIn(join(folder, 'test')).map(read);
      return { path, folder, manifest: readJson(join(folder, 'package.json')), sources, tests };
    });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function foldersIn(root, path) {
  if (!existsSync(join(root, path))) return [];
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => posix.join(path, entry.name));
}

function typescriptIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name));
}

/** Whether a list contains this file. A name with a slash at its end is a folder, otherwise a file in any folder. */
export function isListed(inside, list) {
  return list.some((name) =>
    name.endsWith('/') ? `/${inside}`.includes(`/${name}`) : posix.basename(inside) === name,
  );
}

/** The sources behind a package's `exports`. */
export function entriesOf({ folder, manifest }) {
  return Object.values(manifest.exports ?? {})
    .map((target) => target['revocast-source'])
    .filter((source) => source !== undefined && !source.includes('*'))
    .map((source) => join(folder, source));
}

export function isRelative(specifier) {
  return specifier.startsWith('.');
}

export function isBuiltin(specifier) {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

/** `@scope/name/sub` → `@scope/name`. */
export function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The workspace and file of a specifier; undefined when it is not a source of a workspace. */
export function resolve(workspaces, workspace, from, specifier) {
  if (isRelative(specifier)) {
    const file = join(dirname(from), specifier);
    return workspace.sources.has(file) ? { workspace, file } : undefined;
  }
  const name = packageOf(specifier);
  const target = workspaces.find(({ manifest }) => manifest.name === name);
  const source = target?.manifest.exports?.[`.${specifier.slice(name.length)}`]?.['revocast-source'];
  return source === undefined ? undefined : { workspace: target, file: join(target.folder, source) };
}
