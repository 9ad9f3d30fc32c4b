// Bundles the fuzzer with the TypeScript sources of all packages, so that no build is needed, and runs it.
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { root, tryNode } from './run.mjs';

// The tests of the fuzzer run it with decoders that have faults.
const entry = process.env.FUZZ_PROGRAM ?? 'test/fuzz/main.ts';
const program = join(root, '.cache', 'fuzz', `${basename(entry, '.ts')}.mjs`);
await build({
  entryPoints: [join(root, entry)],
  outfile: program,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['revocast-source'],
  logLevel: 'error',
  plugins: [
    {
      name: 'packages of others stay outside',
      setup: ({ onResolve }) => {
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          path.startsWith('@revocast/') || kind === 'entry-point' ? undefined : { path, external: true },
        );
      },
    },
  ],
});
process.exit(tryNode(program, process.argv.slice(2), { nodeArgs: ['--expose-gc'] }));
