// Builds the sidecar, and tests its console in Chromium during revocations. Not part of `npm test`, because it needs a
// browser. Arguments are passed to jest.
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
runNode(
  binOf('jest'),
  ['--selectProjects', 'sidecar', '--testMatch', '**/test/console/*.live.ts', '--runInBand', ...process.argv.slice(2)],
  { nodeArgs: ['--experimental-vm-modules', '--no-warnings'] },
);
