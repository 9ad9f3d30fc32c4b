// What `.ci/run` does after `npm ci`. It continues after a failure, so that one run shows all problems.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { closingLineOf } from './closing-line.mjs';
import { nodeOfLine } from './node-of-line.mjs';
import { npmScript, root } from './run.mjs';

/** Run here and not in `npm test`: real processes for many seconds. `npm run chaos` has their long forms. */
const faults = [
  'failover/lagging-replica',
  'old-heartbeats/api-process-paused',
  'lifts/lost-then-blocked-again',
  'issuer/killed-a-few-times',
  'issuer/log-down-for-seconds',
  'issuer/refresh-at-once-few',
  'issuer/refresh-races-few',
];
/** One script after the other in each; all run at the same time, because many scripts wait or use one core. */
const columns = [
  [['check'], ['check:tarballs'], ['chaos', '--seed', '1', '--jobs', '4', '--only', faults.join(',')]],
  // Of the bench no figure is judged, only that it still runs.
  [
    ['fuzz', '--seconds', '60'],
    ['bench', '--quick'],
  ],
  // Both wait most of the time.
  [['test:readers'], ['test:coexistence']],
];

const newer = '24';
/** The projects whose behaviour depends on the HTTP, the crypto and the memory of the line of Node. */
const newerProjects = ['middleware', 'issuer', 'testing', 'sidecar', 'receiver'];
/** CI ends a run that takes too long, and then no result counts. `npm ci` has run before. */
const mostMs = 690_000;
/** Times of a run on Node 24, as parts of the time that all tests took just before on the other line. */
const timeOfAll = 0.8;
const timeOfProjects = 0.4;

let failed = false;
// First, because two compilers at the same time would write the same files. Afterwards a build finds nothing to write.
await runColumn([['build']]);
await Promise.all(columns.map(runColumn));
if (failed) console.error('CI: a check failed, see above; the tests run all the same');
const startedAt = performance.now();
const runs = [await runTests(process.execPath, [])];
const choice = testsOnNewer(performance.now() - startedAt);
console.log(`\n${choice.text}`);
if (choice.jest !== undefined) runs.push(await runTests(nodeOfLine(newer), choice.jest));
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

/**
 * What to run on the newer line, in the time that is left.
 *
 * @param testsMs what all tests took on this line
 * @returns {{ text: string, jest?: string[] }} without `jest`: nothing
 */
function testsOnNewer(testsMs) {
  if (process.versions.node.startsWith(`${newer}.`)) return notRun(`all tests have run on ${process.version}`);
  try {
    nodeOfLine(newer);
  } catch (error) {
    return notRun(error.message);
  }
  const leftMs = mostMs - performance.now();
  if (leftMs < testsMs * timeOfProjects) return notRun(`${Math.round(performance.now() / 1000)} s have passed`);
  if (leftMs >= testsMs * timeOfAll) return { text: `Node ${newer}: every project`, jest: [] };
  const text = [
    `Node ${newer}: the projects ${newerProjects.join(', ')}`,
    `not run on Node ${newer}: the other projects, which depend less on the line of Node; ${Math.round(leftMs / 1000)} s are left`,
  ].join('\n');
  return { text, jest: ['--selectProjects', ...newerProjects] };
}

function notRun(reason) {
  return { text: `not run on Node ${newer}: ${reason}` };
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
