// What `.ci/run` does after `npm ci`. It continues after a failure, so that one run shows all problems.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { closingLineOf } from './closing-line.mjs';
import { nodeOfLine } from './node-of-line.mjs';
import { npmScript, root } from './run.mjs';

/** Each column is one script after the other; two columns run at the same time, because many scripts wait or use one core. */
const columns = [
  [[['check'], ['check:tarballs']], [['fuzz', '--seconds', '60']]],
  // Of the bench no figure is judged, only that it still runs.
  [[['bench', '--quick']], [['test:readers'], ['test:coexistence']]],
];

const newer = '24';
/** The projects whose behaviour depends on the HTTP, the crypto and the memory of the line of Node. */
const newerProjects = ['middleware', 'issuer', 'testing', 'sidecar', 'receiver'];
/** Changes sources and looks which row of a table notices: the same on every line. */
const newerIgnored = 'packages/middleware/test/mutation.test.ts';
/** CI ends a run that takes too long, and then no result counts. */
const newerStartsWithinMs = 540_000;

let failed = false;
for (const pair of columns) await Promise.all(pair.map(runColumn));
if (failed) console.error('CI: a check failed, see above; the tests run all the same');
const runs = [await runTests(process.execPath, [])];
const why = whyNotNewer();
if (why === undefined) {
  console.log(`\nNode ${newer}: the projects ${newerProjects.join(', ')}, without ${newerIgnored}`);
  console.log(`not run on Node ${newer}: the other projects, which depend less on the line of Node`);
  const ignored = ['/node_modules/', newerIgnored];
  const jest = ['--selectProjects', ...newerProjects, '--testPathIgnorePatterns', ...ignored];
  runs.push(await runTests(nodeOfLine(newer), jest));
} else console.log(`\nnot run on Node ${newer}: ${why}`);
if (runs.some(({ status }) => status !== 0)) failed = true;
console.log(`\n${closingLineOf(runs)}`);
process.exitCode = failed ? 1 : 0;

async function runColumn(scripts) {
  for (const [name, ...args] of scripts) {
    const startedAt = performance.now();
    const { status, output } = await collect(process.execPath, [npmScript(), 'run', '--silent', name, '--', ...args]);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    // Whole, so that the lines of two scripts do not mix.
    process.stdout.write(`\n── npm run ${[name, ...args].join(' ')}\n${output}`);
    console.log(`${status === 0 ? 'ok' : 'FAILED'} after ${seconds} s`);
    if (status !== 0) failed = true;
  }
}

/** Shows the output while the tests run. */
function runTests(node, args) {
  // With PATH, programs that a test starts by the name `node` have the same version.
  const env = { PATH: `${dirname(node)}:${process.env.PATH}`, npm_execpath: npmScript() };
  const show = (chunk) => void process.stdout.write(chunk);
  return collect(node, [join(root, 'scripts', 'test.mjs'), ...args], { env, show });
}

function whyNotNewer() {
  if (process.versions.node.startsWith(`${newer}.`)) return `all tests have run on ${process.version}`;
  if (performance.now() > newerStartsWithinMs)
    return `the steps before took ${Math.round(performance.now() / 60_000)} minutes`;
  try {
    nodeOfLine(newer);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** Resolves with the exit code and the output, stdout and stderr in the order in which they came. */
function collect(program, args, { env = {}, show = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        show(chunk);
      });
    }
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}
