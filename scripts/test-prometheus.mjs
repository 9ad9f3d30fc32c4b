// Builds what the run starts, then lets a real promtool and a real Prometheus judge rules and numbers. Not part of
// `npm test`: it needs a download (19 MB, once) and some minutes. Arguments go to jest.
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
