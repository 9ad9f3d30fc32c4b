import { nodeOfLine } from './node-of-line.mjs';
import { build, start } from './start-built.mjs';

await build('bench');
const { readCommandLine } = await import('../bench/dist/command-line.js');
start('bench', { node: chosenNode() });

/** The bench and all its processes run on one Node, so `--node` has to be read before the program starts. */
function chosenNode() {
  const { help, node } = commandOf(process.argv.slice(2));
  return help || node === undefined ? process.execPath : nodeOfLine(node);
}

function commandOf(argv) {
  try {
    return readCommandLine(argv);
  } catch {
    return { help: true }; // the program parses the same options and reports the error
  }
}
