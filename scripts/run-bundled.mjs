import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { root, tryNode } from './run.mjs';

/**
 * Bundles a program with the TypeScript sources of all packages, so that no build is needed, and runs it with the
 * arguments of this process. Ends this process with its exit code.
 */
export async function runBundled(entry, { nodeArgs = [] } = {}) {
  const name = `${basename(dirname(entry))}-${basename(entry, '.ts')}.mjs`;
  const program = join(root, '.cache', 'bundled', name);
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
  process.exit(tryNode(program, process.argv.slice(2), { nodeArgs }));
}
