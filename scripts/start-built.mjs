// Builds one workspace, and then starts its program with the options of this process.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { completeSidecar } from './bundle-sidecar.mjs';
import { binOf, root } from './run.mjs';

/** Builds and runs `dist/main.js`, or another `program` in `dist`, of a workspace. */
export async function startBuilt(workspace, options) {
  await build(workspace);
  start(workspace, options);
}

export async function build(workspace) {
  // stdout is reserved for the program: with --json its last line must be the JSON object.
  process.stderr.write('building …\n');
  const compiler = [binOf('typescript', 'tsc'), '-b', workspace];
  const built = spawnSync(process.execPath, compiler, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  if (built.status !== 0) {
    process.stderr.write(built.stdout);
    process.stderr.write(built.stderr);
    process.exit(built.status ?? 1);
  }
  await completeSidecar();
}

/** @param options `node`: path of another Node, also used by the processes that the program forks. */
export function start(workspace, { node = process.execPath, nodeArgs = [], program: file = 'main.js' } = {}) {
  const program = spawn(node, [...nodeArgs, join(root, workspace, 'dist', file), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to both processes, and the program handles it. A SIGTERM to this process is forwarded.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => program.kill('SIGTERM'));
  program.once('exit', (code) => process.exit(code ?? 1));
}
