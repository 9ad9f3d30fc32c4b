// Writes dist/cjs of every package whose `exports` have a `require` condition, after `tsc -b` has written dist.
// One bundle contains all entries of a package and its ESM-only dependencies, so that an error class or a table is the
// same object in all entries. Each entry is a file that exports its part of the bundle.
// Usage: node scripts/build-commonjs.mjs [root]
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { root as repository } from './run.mjs';
import { writeChanged } from './write-changed.mjs';
import { licencesFile, writeLicences } from './write-licences.mjs';

/** ESM-only packages, which a CommonJS jest suite cannot require on any version of Node. All others are external. */
const bundled = ['jose', 'lru-cache', 'eventsource-parser'];

const root = process.argv[2] ?? repository;
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entries = entriesOf(manifest);
  if (entries.length > 0) await writeCommonJs(folder, manifest, entries);
}

function entriesOf(manifest) {
  return Object.values(manifest.exports)
    .filter((target) => target.require !== undefined)
    .map((target, index) => ({
      part: `entry${index}`,
      source: target['revocast-source'],
      file: target.require.default,
      types: target.require.types,
    }));
}

async function writeCommonJs(folder, manifest, entries) {
  const output = join(folder, 'dist', 'cjs');
  const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const external = names.filter((name) => !bundled.includes(name)).flatMap((name) => [name, `${name}/*`]);
  const { metafile, outputFiles } = await build({
    write: false,
    stdin: {
      contents: entries.map(({ part, source }) => `export * as ${part} from '${source}';`).join('\n'),
      resolveDir: folder,
      loader: 'ts',
    },
    outfile: join(output, 'bundle.cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // `import('ioredis')` becomes a `require`: a CommonJS jest suite has no dynamic import without a flag.
    supported: { 'dynamic-import': false },
    external,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    absWorkingDir: folder,
  });
  const written = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  for (const { part, file } of entries) {
    const path = join(folder, file);
    const bundle = relative(dirname(path), join(output, 'bundle.cjs')).split(sep).join('/');
    const specifier = bundle.startsWith('.') ? bundle : `./${bundle}`;
    written.set(path, `'use strict';\nmodule.exports = require('${specifier}').${part};\n`);
  }
  for (const [path, text] of typesOf(folder, output)) written.set(path, text);
  removeOthers(output, written);
  for (const [path, contents] of written) writeChanged(path, contents);
  writeLicences({ folder, metafile, bundle: join(output, 'bundle.cjs') });
  checkEntries(folder, entries);
}

/** The types of dist again for CommonJS: a `.d.cts` for every `.cjs`, with relative specifiers that end in `.cjs`. */
function* typesOf(folder, output) {
  const dist = join(folder, 'dist');
  for (const name of readdirSync(dist, { recursive: true })) {
    if (!name.endsWith('.d.ts') || name.startsWith(`cjs${sep}`)) continue;
    const target = join(output, name.replace(/\.d\.ts$/, '.d.cts'));
    yield [target, toCommonJsTypes(readFileSync(join(dist, name), 'utf8'))];
  }
}

/** What an earlier build left. The licences are written last. */
function removeOthers(output, written) {
  if (!existsSync(output)) return;
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !written.has(path) && entry.name !== licencesFile) rmSync(path);
  }
}

/** Replaces specifiers after `from`, in `import(...)`, and in `import '...'`. */
function toCommonJsTypes(text) {
  return text.replace(/(\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)(['"])(\.{1,2}\/[^'"]+)\.(?:js|ts)\2/g, '$1$2$3.cjs$2');
}

function checkEntries(folder, entries) {
  for (const { file, types } of entries) {
    for (const path of [file, types]) {
      if (existsSync(join(folder, path))) continue;
      throw new Error(`${relative(root, folder)} exports ${path}, but the build did not write ${basename(path)}`);
    }
  }
}
