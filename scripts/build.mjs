// `tsc -b` writes the ES modules and their types, and then build-commonjs.mjs writes the CommonJS bundles. Tests do not
// need these: `--types-only` skips them.
import { join } from 'node:path';
import { copyStyles } from './copy-styles.mjs';
import { binOf, root, runNode } from './run.mjs';

runNode(binOf('typescript', 'tsc'), ['-b', 'tsconfig.json']);
copyStyles();
if (!process.argv.includes('--types-only')) runNode(join(root, 'scripts', 'build-commonjs.mjs'));
