// Builds the sidecar, then clicks through its console in a real Chromium while a publisher revokes. Not part of
// `npm test`: it needs a browser. Arguments go to jest.
import { binOf, runNode } from './run.mjs';

runNode(binOf('typescript', 'tsc'), ['-b', 'apps/sidecar']);
runNode(
  binOf('jest'),
  ['--selectProjects', 'sidecar', '--testMatch', '**/test/console/*.live.ts', '--runInBand', ...process.argv.slice(2)],
  { nodeArgs: ['--experimental-vm-modules', '--no-warnings'] },
);
