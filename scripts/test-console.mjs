// Builds the sidecar, then clicks through its console in a real Chromium while a publisher revokes. Not part of
// `npm test`: it needs a browser. Arguments go to jest.
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
runNode(
  binOf('jest'),
  ['--selectProjects', 'sidecar', '--testMatch', '**/test/console/*.live.ts', '--runInBand', ...process.argv.slice(2)],
  { nodeArgs: ['--experimental-vm-modules', '--no-warnings'] },
);
