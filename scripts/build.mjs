// `tsc -b` writes the ES modules and their types. The CommonJS half comes after it, and tests do without it:
// `--types-only` leaves it out.
import { join } from 'node:path';
import { copyStyles } from './copy-styles.mjs';
import { binOf, root, runNode } from './run.mjs';

runNode(binOf('typescript', 'tsc'), ['-b', 'tsconfig.json']);
copyStyles();
if (!process.argv.includes('--types-only')) runNode(join(root, 'scripts', 'build-commonjs.mjs'));
