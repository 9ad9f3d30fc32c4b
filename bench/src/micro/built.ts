import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readSaid } from '../said.ts';

// What is measured here is not an API: no package exports it, and only the bench reads past the `exports`. It is asked
// for by path and at run time, so that nothing else of the bench can come to depend on it.
const load = createRequire(import.meta.url);

export type BuiltFunction = (...args: readonly unknown[]) => unknown;
export type BuiltClass = new (...args: readonly unknown[]) => unknown;

/** One function or class of a built package, by file and name. @throws when the package has moved it. */
function loadBuilt(workspace: string, file: string, name: string): unknown {
  const folder = dirname(load.resolve(`@revocast/${workspace}/package.json`));
  const found = readSaid(load(join(folder, 'dist', file)))[name];
  if (typeof found !== 'function') throw new Error(`expected ${name} in ${file} of ${workspace}: say so in built.ts`);
  return found;
}

export function loadFunction(workspace: string, file: string, name: string): BuiltFunction {
  return loadBuilt(workspace, file, name) as BuiltFunction; // a function: loadBuilt looked
}

export function loadClass(workspace: string, file: string, name: string): BuiltClass {
  return loadBuilt(workspace, file, name) as BuiltClass; // likewise
}
