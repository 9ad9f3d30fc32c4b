// Compiles every project: the packages and programs first, then the tests against their declarations.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binOf, root, tryNode } from './run.mjs';

const tests = 'tsconfig.test.json';

/** @returns the exit code of the compiler. */
export function compileTypes() {
  const compiler = binOf('typescript', 'tsc');
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const projects = references.map(({ path }) => path).filter((path) => path !== tests);
  const status = tryNode(compiler, ['-b', ...projects]);
  if (status !== 0) return status;
  const dists = projects.map((path) => join(root, path, 'dist')).filter((path) => existsSync(path));
  dropStaleTypes(join(root, '.cache', 'test-types'), dists);
  return tryNode(compiler, ['-b', tests]);
}

/**
 * Removes the saved results of the tests when they are of other declarations. The compiler keeps errors of files whose imports
 * have changed when the results were saved in another commit, as in a `.cache` that was copied or restored.
 *
 * @param folder where the results are saved. @param dists folders with declarations.
 */
export function dropStaleTypes(folder, dists) {
  const digest = digestOf(dists);
  const file = join(folder, 'declarations.sha256');
  if (existsSync(file) && readFileSync(file, 'utf8') === digest) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, digest);
}

function digestOf(dists) {
  const hash = createHash('sha256');
  for (const dist of dists) {
    const names = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'));
    for (const name of names.sort())
      hash
        .update(`${name}\0`)
        .update(readFileSync(join(dist, name)))
        .update('\0');
  }
  return hash.digest('hex');
}
