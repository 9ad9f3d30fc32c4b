// Builds, because process-level tests start the built programs, and then runs jest with the arguments.
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
// A long timeout, because a busy machine is not a failure. Tests that wait for processes have their own time limits.
runNode(binOf('jest'), ['--testTimeout=60000', ...process.argv.slice(2)], {
  nodeArgs: ['--experimental-vm-modules', '--no-warnings'],
});
