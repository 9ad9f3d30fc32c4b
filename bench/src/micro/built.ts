import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readMessage } from '../message.ts';

// The measured functions are internal: no package exports them. Only this file loads them, by path and at run time, so
// that the types of the bench cannot depend on them.
const load = createRequire(import.meta.url);

export type BuiltFunction = (...args: readonly unknown[]) => unknown;
export type BuiltClass = new (...args: readonly unknown[]) => unknown;

/** Loads one function or class of a built package by file and name. @throws when it is not in this file. */
function loadBuilt(workspace: string, file: string, name: string): unknown {
  const folder = dirname(load.resolve(`@revocast/${workspace}/package.json`));
  const found = readMessage(load(join(folder, 'dist', file)))[name];
  if (typeof found !== 'function')
    throw new Error(`expected ${name} in dist/${file} of ${workspace}; correct the path in bench/src/micro`);
  return found;
}

export function loadFunction(workspace: string, file: string, name: string): BuiltFunction {
  return loadBuilt(workspace, file, name) as BuiltFunction; // loadBuilt checks that it is a function
}

export function loadClass(workspace: string, file: string, name: string): BuiltClass {
  return loadBuilt(workspace, file, name) as BuiltClass; // loadBuilt checks that it is a function
}
