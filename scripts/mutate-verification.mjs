// Removes one step of the request path at a time in a copy, runs the table of requests against the rest, and prints the
// rows that fail. If no row fails, the step is not tested, and the exit code is 1.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { decidingFiles, withoutOneStep } from './mutations/verification-steps.mjs';
import { root } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions(
  'mutate',
  `Removes one step of the request path at a time in a copy, and prints the rows of the table of requests that fail.
Exit code: 1 if no row fails for at least one step, otherwise 0.`,
);

const sources = join(root, 'packages/middleware/src');
const table = join(root, 'packages/middleware/test/table-run.ts');
const folder = mkdtempSync(join(tmpdir(), 'revocast-mutation-'));
const shown = 3;

/** The rows that fail when `changed.path` has the text `changed.source`. */
async function failingRows(changed, name) {
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
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === changed?.path ? { contents: changed.source, loader: 'ts' } : undefined,
          );
        },
      },
    ],
  });
  const { runTable } = await import(pathToFileURL(outfile).href);
  return await runTable();
}

const unnoticed = [];
let count = 0;
try {
  const broken = await failingRows(undefined, 'whole');
  if (broken.length > 0) throw new Error(`these rows fail with every step in place: ${broken.join('; ')}`);
  for (const file of decidingFiles) {
    const path = join(sources, file);
    for (const { line, name, source } of withoutOneStep(readFileSync(path, 'utf8'))) {
      count += 1;
      const rows = await failingRows({ path, source }, `without-${count}`);
      const examples = rows.slice(0, shown).join('; ') + (rows.length > shown ? '; …' : '');
      console.log(`${file}:${line} ${name} → ${rows.length} rows${rows.length === 0 ? '' : `: ${examples}`}`);
      if (rows.length === 0) unnoticed.push(name);
    }
  }
  console.log(`${count} steps, ${unnoticed.length} of them not tested by a row`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = unnoticed.length === 0 ? 0 : 1;
