// Starting other programs without a shell: the same on Linux, macOS and Windows.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The script behind a package's bin, so that no shell and no `.cmd` wrapper is needed on any platform. */
export function binOf(packageName, bin = packageName.split('/').at(-1), folder = root) {
  const path = join(folder, 'node_modules', packageName);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  return join(path, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[bin]);
}

/** npm's own script: the one that runs us, or the one that came with this Node. */
export function npmScript() {
  const prefix = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    join(prefix, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(prefix, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  // Another package manager names itself in npm_execpath too.
  const found = candidates.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  if (found === undefined) throw new Error('npm was not found beside Node: start this with `npm run`');
  return found;
}

/** Runs a Node script and ends this process with its code when it fails. */
export function runNode(script, args = [], options = {}) {
  const status = tryNode(script, args, options);
  if (status !== 0) process.exit(status);
}

/** Runs a Node script, its output in ours, and returns its exit code. `node`: another Node than this one. */
export function tryNode(script, args = [], { env = {}, nodeArgs = [], node = process.execPath, ...options } = {}) {
  const result = spawnSync(node, [...nodeArgs, script, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    ...options,
  });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** Runs a Node script to its end and resolves with its exit code and all it said; never rejects for a failure. */
export function readNode(script, args = [], { env = {}, nodeArgs = [], cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeArgs, script, ...args], { cwd, env: { ...process.env, ...env } });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? 1, ...output }));
  });
}
