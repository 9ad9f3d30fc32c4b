// Runs all checks that need no running program. It continues after a failure, so that one run shows all problems.
import { join } from 'node:path';
import { compileTypes } from './compile-types.mjs';
import { binOf, root, tryNode } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions(
  'check',
  `Checks format and lint, types, dependency directions and packages. Changes nothing.
Exit code: 0 all checks passed, 1 at least one failed.`,
);

const steps = [
  ['format and lint', () => tryNode(binOf('@biomejs/biome', 'biome'), ['check', '--error-on-warnings', '.'])],
  ['types', compileTypes],
  ['dependency directions', () => tryNode(join(root, 'scripts', 'check-dependencies.mjs'))],
  ['packages', () => tryNode(join(root, 'scripts', 'check-packages.mjs'))],
];

const failed = [];
for (const [title, run] of steps) {
  console.log(`\n── ${title}`);
  const startedAt = performance.now();
  const status = run();
  console.log(`${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  if (status !== 0) failed.push(title);
}
console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
