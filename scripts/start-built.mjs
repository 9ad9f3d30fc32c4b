// Builds one workspace quietly, then starts its program and hands the options on to it.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { copyStyles } from './copy-styles.mjs';
import { binOf, root } from './run.mjs';

/** @param workspace folder whose `dist/main.js`, or another `program` in `dist`, is to run. */
export function startBuilt(workspace, options) {
  build(workspace);
  start(workspace, options);
}

export function build(workspace) {
  // stdout belongs to the program alone: with --json its last line must be the object.
  process.stderr.write('building …\n');
  const compiler = [binOf('typescript', 'tsc'), '-b', workspace];
  const built = spawnSync(process.execPath, compiler, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  if (built.status !== 0) {
    process.stderr.write(built.stdout);
    process.stderr.write(built.stderr);
    process.exit(built.status ?? 1);
  }
  copyStyles();
}

/** `node`: another Node than this one. The processes that the program forks run on it too. */
export function start(workspace, { node = process.execPath, nodeArgs = [], program: file = 'main.js' } = {}) {
  const program = spawn(node, [...nodeArgs, join(root, workspace, 'dist', file), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  // Ctrl-C reaches the program through the terminal; a signal to this process alone must stop the program too. The program decides when it ends.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => program.kill('SIGTERM'));
  program.once('exit', (code) => process.exit(code ?? 1));
}
