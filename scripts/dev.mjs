// Runs a sidecar and one API of the demo from the sources: a changed file is compiled, and the processes that run it
// are restarted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCompiler } from './dev/compiler.mjs';
import { readOptions } from './dev/options.mjs';
import { choosePorts } from './dev/ports.mjs';
import { startProcesses } from './dev/processes.mjs';
import { changedWorkspaces, workspacesWithSources } from './dev/watch-sources.mjs';
import { root as repository } from './run.mjs';

const options = readOptions(process.argv.slice(2));
const root = resolve(options.root ?? repository);
const folder = mkdtempSync(join(tmpdir(), 'revocast-dev-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const compiler = createCompiler(root);
/** Each function ends one started part. */
const closers = [() => compiler.close()];
let ending = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);

try {
  await run();
} catch (error) {
  // An interrupted start fails in one of its parts, which is not an error.
  if (!ending) {
    console.error(error instanceof Error ? error.message : error);
    await end(1);
  }
}

async function run() {
  if (!(await compiler.compile())) throw new Error('The first build failed. Fix the errors above and start again.');
  const ports = await choosePorts({ free: options.freePorts });
  const processes = await startProcesses({ root, folder, ports, source: options.source, closers, say });
  const workspaces = workspacesWithSources(root);
  console.log(`\nwatching ${workspaces.map((path) => `${path}/src`).join(', ')}; Ctrl-C stops everything`);

  for await (const changed of changedWorkspaces(root, workspaces)) {
    console.log(`changed: ${changed.join(', ')}`);
    if (await compiler.compile()) await processes.restart(changed);
    else say('the build failed; the processes continue with the last good build');
  }
}

/** Prints nothing during the stop, when processes report that they have lost each other. */
function say(line) {
  if (!ending) console.log(line);
}

function stop() {
  // A second signal does not wait. The guard processes of test-support end the children when this process has ended.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  console.log('stopping');
  void end(0);
}

async function end(code) {
  ending = true;
  await Promise.allSettled(closers.map((close) => close()));
  process.exit(code);
}
