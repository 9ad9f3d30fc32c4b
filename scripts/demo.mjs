// Builds, then starts the demo with the arguments given: `npm run demo -- --json`.
import { join } from 'node:path';
import { root, runNode } from './run.mjs';

runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
runNode(join(root, 'apps', 'demo', 'dist', 'main.js'), process.argv.slice(2));
