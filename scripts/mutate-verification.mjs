// Takes one step out of verify-access-token.ts at a time, in a copy, sends the table of requests to the verifier that
// is left, and prints which rows notice. A step that no row misses is a step that nobody tests: then it exits with 1.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { withoutOneStep } from './mutations/verification-steps.mjs';
import { root } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions(
  'mutate',
  `Takes one step out of verify-access-token.ts at a time, in a copy, and prints which rows of the table of requests notice.
Exit code: 1 when there is a step that no row misses.`,
);

const target = join(root, 'packages/middleware/src/verify-access-token.ts');
const table = join(root, 'packages/middleware/test/table-run.ts');
const folder = mkdtempSync(join(tmpdir(), 'revocast-mutation-'));
const shown = 3;

/** The rows that fail when verify-access-token.ts reads like `source`. */
async function failingRows(source, name) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [table],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['revocast-source'],
    external: ['ioredis'],
    logLevel: 'error',
    plugins: [
      {
        name: 'one step less',
        setup: ({ onLoad }) => {
          onLoad({ filter: /[\\/]verify-access-token\.ts$/ }, () => ({ contents: source, loader: 'ts' }));
        },
      },
    ],
  });
  const { runTable } = await import(pathToFileURL(outfile).href);
  return await runTable();
}

const source = readFileSync(target, 'utf8');
const unnoticed = [];
try {
  const broken = await failingRows(source, 'whole');
  if (broken.length > 0) throw new Error(`these rows fail with every step in place: ${broken.join('; ')}`);
  const steps = withoutOneStep(source);
  for (const [index, step] of steps.entries()) {
    const rows = await failingRows(step.source, `without-${index}`);
    const examples = rows.slice(0, shown).join('; ') + (rows.length > shown ? '; …' : '');
    console.log(`line ${step.line}: ${step.name} → ${rows.length} rows${rows.length === 0 ? '' : `: ${examples}`}`);
    if (rows.length === 0) unnoticed.push(step);
  }
  console.log(`${steps.length} steps, ${unnoticed.length} of them missed by no row`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = unnoticed.length === 0 ? 0 : 1;
