import { spawn } from 'node:child_process';
import { completeSidecar } from '../bundle-sidecar.mjs';
import { binOf } from '../run.mjs';

/** The projects of the processes of `npm run dev`, and of the command line. */
const projects = ['apps/demo', 'apps/cli'];

/** Compiles only changed files. The compiler prints its errors. */
export function createCompiler(root) {
  const args = [binOf('typescript', 'tsc'), '-b', ...projects];
  // tsc starts a second process, so both are in a separate process group, which can be ended as a whole.
  const detached = process.platform !== 'win32';
  let running;
  return {
    /** @returns whether there were no errors. */
    async compile() {
      console.log('compiling …');
      const startedAt = performance.now();
      const compiler = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', detached });
      const ended = new Promise((resolve, reject) => {
        compiler.once('error', reject);
        compiler.once('close', resolve);
      });
      running = { compiler, ended };
      const code = await ended;
      running = undefined;
      if (code !== 0) return false;
      await completeSidecar(root);
      console.log(`compiled in ${secondsSince(startedAt)} s`);
      return true;
    },
    /** Ends a running compilation. */
    async close() {
      if (running === undefined) return;
      const { compiler, ended } = running;
      if (detached) process.kill(-compiler.pid);
      else compiler.kill();
      await ended;
    },
  };
}

export function secondsSince(startedAt) {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}
