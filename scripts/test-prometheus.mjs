// Builds, and tests rules and metrics with promtool and Prometheus. Not part of `npm test`, because it needs a download
// (19 MB, once) and some minutes. Arguments are passed to jest.
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
runNode(
  binOf('jest'),
  [
    '--selectProjects',
    'repository',
    '--testMatch',
    '**/test/prometheus/*.live.ts',
    '--runInBand',
    ...process.argv.slice(2),
  ],
  { nodeArgs: ['--experimental-vm-modules', '--no-warnings'] },
);
