// compile-types.mjs writes the ES modules and their types, bundle-sidecar.mjs the program of the sidecar, and then
// build-commonjs.mjs the CommonJS bundles of the packages. Tests do not need these: `--types-only` skips them.
import { join } from 'node:path';
import { completeSidecar } from './bundle-sidecar.mjs';
import { compileTypes } from './compile-types.mjs';
import { root, runNode } from './run.mjs';

const status = compileTypes();
if (status !== 0) process.exit(status);
await completeSidecar();
if (!process.argv.includes('--types-only')) runNode(join(root, 'scripts', 'build-commonjs.mjs'));
