// Builds (process-level tests start the built programs), then runs jest on the sources, with the arguments given.
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
runNode(binOf('jest'), process.argv.slice(2), { nodeArgs: ['--experimental-vm-modules', '--no-warnings'] });
