// Bundles the fuzzer with the TypeScript sources of all packages, so that no build is needed.
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './run.mjs';

/** @returns {Promise<string>} the path of the program. @param {string} entry from the root of the repository */
export async function bundleFuzz(entry) {
  const outfile = join(root, '.cache', 'fuzz', `${basename(entry, '.ts')}.mjs`);
  await build({
    entryPoints: [join(root, entry)],
    outfile,
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
  return outfile;
}
