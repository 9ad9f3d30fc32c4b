// Builds what the fault suite starts, quietly, and hands the options on to it.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { binOf, root } from './run.mjs';

// With --json only the last line of stdout matters, and it must be the suite's: the compiler talks to stderr.
process.stderr.write('building …\n');
const built = spawnSync(process.execPath, [binOf('typescript', 'tsc'), '-b', 'chaos'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'pipe'],
});
if (built.status !== 0) {
  process.stderr.write(built.stdout);
  process.stderr.write(built.stderr);
  process.exit(built.status ?? 1);
}

const chaos = spawn(process.execPath, [join(root, 'chaos/dist/main.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// The terminal sends Ctrl-C to both; a supervisor sends SIGTERM to us alone.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && chaos.kill(signal));
chaos.once('exit', (code) => process.exit(code ?? 1));
