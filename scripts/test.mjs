// Builds (process-level tests start the built programs), then runs jest on the sources.
import { binOf, root, runNode } from './run.mjs';

runNode(`${root}/scripts/build.mjs`, ['--types-only']);
runNode(binOf('jest'), process.argv.slice(2), { nodeArgs: ['--experimental-vm-modules', '--no-warnings'] });
