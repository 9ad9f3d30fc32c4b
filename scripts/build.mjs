// `tsc -b` writes the ES modules and their types; the CommonJS files come from build-commonjs.mjs.
import { existsSync } from 'node:fs';
import { binOf, root, runNode } from './run.mjs';

const typesOnly = process.argv.includes('--types-only');
runNode(binOf('typescript', 'tsc'), ['-b', 'tsconfig.json']);
if (!typesOnly && existsSync(`${root}/scripts/build-commonjs.mjs`)) runNode(`${root}/scripts/build-commonjs.mjs`);
