// Bundles one program into one file, so that an image needs no node_modules.
// Usage: node docker/bundle.mjs <program> <output file>
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleSidecar } from '../scripts/bundle-sidecar.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const programs = {
  sidecar: 'apps/sidecar/src/main.ts',
  issuer: 'apps/demo/src/issuer/main.ts',
  api: 'apps/demo/src/api/main.ts',
};

const [program, outfile] = process.argv.slice(2);
const entry = programs[program];
if (entry === undefined || outfile === undefined) {
  console.error(`Usage: node docker/bundle.mjs <${Object.keys(programs).join(' | ')}> <output file>`);
  process.exit(2);
}

if (program === 'sidecar') {
  await bundleSidecar({ outfile });
  const page = 'console/page';
  cpSync(join(root, 'apps/sidecar/src', page), join(dirname(outfile), page), { recursive: true });
} else {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['revocast-source'],
    // CommonJS dependencies call require() for modules of Node, which an ES module does not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    legalComments: 'linked',
    logLevel: 'warning',
  });
}
