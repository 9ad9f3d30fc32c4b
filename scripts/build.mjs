// `tsc -b` writes the ES modules and their types. The CommonJS half comes after it, and tests do without it:
// `--types-only` leaves it out.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(binOf('typescript', 'tsc'), ['-b', 'tsconfig.json']);
// The compiler copies scripts of the page, and no style sheet.
const page = 'console/page/page.css';
copyFileSync(join(root, 'apps/sidecar/src', page), join(root, 'apps/sidecar/dist', page));
if (!process.argv.includes('--types-only')) runNode(join(root, 'scripts', 'build-commonjs.mjs'));
