// Builds (process-level tests start the built programs), then runs jest on the sources, with the arguments given.
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
// A machine that is busy is no failure: what waits for processes says itself for how long.
runNode(binOf('jest'), ['--testTimeout=60000', ...process.argv.slice(2)], {
  nodeArgs: ['--experimental-vm-modules', '--no-warnings'],
});
