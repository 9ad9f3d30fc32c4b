// Everything that needs no running program, in order, to the end, so that one run names all that is wrong.
import { join } from 'node:path';
import { binOf, root, tryNode } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions(
  'check',
  `Format and lint, types, dependency directions, packages: everything that needs no running program. Changes nothing.
Exit code: 0 when all pass, else 1.`,
);

const steps = [
  ['format and lint', binOf('@biomejs/biome', 'biome'), ['check', '--error-on-warnings', '.']],
  ['types', binOf('typescript', 'tsc'), ['-b', 'tsconfig.json']],
  ['dependency directions', join(root, 'scripts', 'check-dependencies.mjs'), []],
  ['packages', join(root, 'scripts', 'check-packages.mjs'), []],
];

const failed = [];
for (const [title, script, args] of steps) {
  console.log(`\n── ${title}`);
  const startedAt = performance.now();
  const status = tryNode(script, args);
  console.log(`${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  if (status !== 0) failed.push(title);
}
console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
