// Renders deploy/kustomize with kubectl, compiles the result against the types of the Kubernetes API, and starts the
// sidecar with the rendered environment. Not part of `npm test`: it needs a download (60 MB, once). Arguments go to jest.
import { join } from 'node:path';
import { installTools, whyNoTools } from './kubernetes/tools.mjs';
import { binOf, root, runNode } from './run.mjs';

const reason = whyNoTools();
if (reason !== undefined) {
  console.log(`not run: ${reason}`);
  process.exit(0);
}
const { folder, kubectl } = installTools();
runNode(join(root, 'scripts', 'build.mjs'), ['--types-only']);
const jest = ['--selectProjects', 'repository', '--testMatch', '**/test/deploy/*.live.ts', '--runInBand'];
runNode(binOf('jest'), [...jest, '--testTimeout=60000', ...process.argv.slice(2)], {
  nodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  env: { DEPLOY_TOOLS: folder, KUBECTL: kubectl },
});
