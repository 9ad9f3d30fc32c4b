import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The script behind a package's bin, so that no shell and no `.cmd` wrapper is needed on any platform. */
export function binOf(packageName, bin = packageName.split('/').at(-1)) {
  const require = createRequire(join(root, 'package.json'));
  let manifestPath;
  try {
    manifestPath = require.resolve(`${packageName}/package.json`);
  } catch {
    manifestPath = join(root, 'node_modules', packageName, 'package.json');
  }
  const manifest = require(manifestPath);
  const entry = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[bin];
  return join(dirname(manifestPath), entry);
}

/** Runs a Node script and ends this process with its code when it fails. */
export function runNode(script, args = [], options = {}) {
  const status = tryNode(script, args, options);
  if (status !== 0) process.exit(status);
}

export function tryNode(script, args = [], { env = {}, nodeArgs = [], ...options } = {}) {
  const result = spawnSync(process.execPath, [...nodeArgs, script, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    ...options,
  });
  if (result.error) throw result.error;
  return result.status ?? 1;
}
