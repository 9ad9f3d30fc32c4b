// Starts a real Redis and a real sidecar, and follows them with each reader of test/readers that is written in another
// language. Not part of `npm test`: it needs that language. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

const oldest = [3, 9];
const python = ['python3', 'python'].find(isUsable);
if (python === undefined) {
  console.log(`not run: no python3 of version ${oldest.join('.')} or later was found in PATH`);
  process.exit(0);
}
console.log('building …');
runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
const jest = ['--selectProjects', 'repository', '--testMatch', '**/test/readers/*.live.ts', '--runInBand'];
runNode(binOf('jest'), [...jest, ...process.argv.slice(2)], {
  nodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  env: { PYTHON: python },
});

function isUsable(name) {
  const { stdout } = spawnSync(name, ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });
  const [major, minor] = (stdout ?? '').split(' ').map(Number);
  return major === oldest[0] && minor >= oldest[1];
}
