// Runs the tests on another version of Node: `node scripts/test-on-node.mjs 24 [jest arguments]`.
import { delimiter, dirname, join } from 'node:path';
import { nodeOfLine } from './node-of-line.mjs';
import { npmScript, root, tryNode } from './run.mjs';

const [line, ...args] = process.argv.slice(2);
if (!/^\d+(\.\d+)*$/.test(line ?? '')) {
  console.error('usage: node scripts/test-on-node.mjs <version of Node, such as 22 or 24> [jest arguments]');
  process.exit(2);
}
const node = nodeOfLine(line);
// With PATH, programs that a test starts by the name `node` have the same version.
// The npm package of Node has no npm of its own.
const env = { PATH: dirname(node) + delimiter + process.env.PATH, npm_execpath: npmScript() };
process.exit(tryNode(join(root, 'scripts', 'test.mjs'), args, { node, env }));
