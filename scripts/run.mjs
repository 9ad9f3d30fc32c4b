// Starts other programs without a shell, in the same way on Linux, macOS and Windows.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The script of a `bin` of a package, which can be started without a shell or a `.cmd` wrapper. */
export function binOf(packageName, bin = packageName.split('/').at(-1), folder = root) {
  const path = join(folder, 'node_modules', packageName);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  return join(path, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[bin]);
}

/** The script of npm: of the npm that runs this process, or of this installation of Node. */
export function npmScript() {
  const prefix = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    join(prefix, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(prefix, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  // Other package managers set npm_execpath, too.
  const found = candidates.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  if (found === undefined) throw new Error('npm was not found in the installation of Node; start this with `npm run`');
  return found;
}

/** Runs a Node script. If it fails, ends this process with its exit code. */
export function runNode(script, args = [], options = {}) {
  const status = tryNode(script, args, options);
  if (status !== 0) process.exit(status);
}

/** Runs a Node script with inherited output, and returns its exit code. @param options `node`: path of another Node. */
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

/** Runs a Node script, and resolves with its exit code and output. Rejects only when it cannot be started. */
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
