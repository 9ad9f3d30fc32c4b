// Removes one step of the request path at a time in a copy, runs the table of requests against the rest until a row
// fails, and prints that row. If no row fails, the step is not tested, and the exit code is 1.
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
  `Removes one step of the request path at a time in a copy, and prints the first row of the table of requests that fails.
Exit code: 1 if no row fails for at least one step, otherwise 0.`,
);

const sources = join(root, 'packages/middleware/src');
const tests = join(root, 'packages/middleware/test');
const folder = mkdtempSync(join(tmpdir(), 'revocast-mutation-'));
const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['revocast-source'],
  logLevel: 'error',
};

/** What the first row that fails sends, when `changed.path` has the text `changed.source`; undefined when no row fails. */
async function failingRow(changed, name) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    ...common,
    entryPoints: [join(tests, 'table-run.ts')],
    outfile,
    external: ['ioredis'],
    plugins: [
      {
        name: 'one step less',
        setup: ({ onLoad, onResolve }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === changed?.path ? { contents: changed.source, loader: 'ts' } : undefined,
          );
          // Loaded once for all copies, because it generates keys.
          onResolve({ filter: /\/forge\.ts$/ }, () => ({ path: './forge.mjs', external: true }));
        },
      },
    ],
  });
  const { firstWrongRow } = await import(pathToFileURL(outfile).href);
  return await firstWrongRow();
}

const unnoticed = [];
let count = 0;
try {
  await build({ ...common, entryPoints: [join(tests, 'forge.ts')], outfile: join(folder, 'forge.mjs') });
  const broken = await failingRow(undefined, 'whole');
  if (broken !== undefined) throw new Error(`this row fails with every step in place: ${broken}`);
  for (const file of decidingFiles) {
    const path = join(sources, file);
    for (const { line, name, source } of withoutOneStep(readFileSync(path, 'utf8'))) {
      count += 1;
      const row = await failingRow({ path, source }, `without-${count}`);
      console.log(`${file}:${line} ${name} → ${row ?? 'no row fails'}`);
      if (row === undefined) unnoticed.push(name);
    }
  }
  console.log(`${count} steps, ${unnoticed.length} of them not tested by a row`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = unnoticed.length === 0 ? 0 : 1;
