// `tsc -b` writes the ES modules and their types. The CommonJS half comes after it, and tests do without it:
// `--types-only` leaves it out.
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(binOf('typescript', 'tsc'), ['-b', 'tsconfig.json']);
if (!process.argv.includes('--types-only')) runNode(join(root, 'scripts', 'build-commonjs.mjs'));
