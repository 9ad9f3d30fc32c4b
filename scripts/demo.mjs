// Builds what the demo starts and nothing else, quietly, and hands the options on to it.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { binOf, root } from './run.mjs';

// stdout belongs to the demo alone: with --json its last line must be the object.
process.stderr.write('building …\n');
const compiler = [binOf('typescript', 'tsc'), '-b', 'apps/demo'];
const built = spawnSync(process.execPath, compiler, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
if (built.status !== 0) {
  process.stderr.write(built.stdout);
  process.stderr.write(built.stderr);
  process.exit(built.status ?? 1);
}

const demo = spawn(process.execPath, [join(root, 'apps/demo/dist/main.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// Ctrl-C reaches the demo through the terminal; whoever stops us alone must stop it too. It decides when it is over.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.once('exit', (code) => process.exit(code ?? 1));
