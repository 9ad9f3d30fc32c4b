// Checks that the published packages can be installed and imported: runs publint and attw on the tarballs, and checks
// that they contain every path of their package.json and the licences of bundled code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { completeSidecar } from './bundle-sidecar.mjs';
import { pack, publishedPaths, publishedWorkspaces } from './pack.mjs';
import { binOf, readNode, root, runNode } from './run.mjs';

await completeSidecar();
runNode(join(root, 'scripts', 'build-commonjs.mjs'));
/** ESM-only packages that build-commonjs.mjs bundles. */
const bundled = ['jose', 'lru-cache', 'eventsource-parser'];

let failures = 0;
for (const workspace of publishedWorkspaces()) {
  const { tarball, files } = await pack(workspace);
  const problems = [
    ...missingFiles(workspace.manifest, files),
    ...missingFields(workspace),
    ...esmOnlyTypes(workspace, files),
    ...(await lint(workspace.manifest, tarball)),
    ...(await resolveTypes(workspace.manifest, tarball)),
  ];
  console.log(`${workspace.manifest.name}: ${files.length} files, ${problems.length} problems`);
  for (const problem of problems) console.error(`  ${problem}`);
  failures += problems.length;
}
process.exit(failures === 0 ? 0 : 1);

function* missingFiles(manifest, files) {
  for (const path of publishedPaths(manifest)) {
    if (!files.includes(path)) yield `package.json names ${path}, which is not in the tarball`;
  }
  if (!files.includes('LICENSE')) yield 'the tarball has no LICENSE';
  const bundles = Object.keys(manifest.dependencies ?? {}).some((name) => bundled.includes(name));
  if (bundles && files.includes('dist/cjs/bundle.cjs') && !files.includes('dist/cjs/THIRD-PARTY-LICENSES.txt')) {
    yield 'dist/cjs/THIRD-PARTY-LICENSES.txt is missing, which has the licences of the bundled code';
  }
  if (files.includes('dist/main.cjs') && !files.includes('dist/THIRD-PARTY-LICENSES.txt')) {
    yield 'dist/THIRD-PARTY-LICENSES.txt is missing, which has the licences of the code in dist/main.cjs';
  }
}

/** What a release needs. The address of the repository is set by the workflow, which can compare it with its own. */
function* missingFields({ path, manifest: { files = [], repository, publishConfig, scripts } }) {
  if (!files.includes('dist')) yield 'expected files with dist: everything in the folder would be published';
  if (repository?.directory !== path) yield `expected repository.directory ${path}, found ${repository?.directory}`;
  if (publishConfig?.provenance !== true) yield 'expected publishConfig.provenance: without it a release has no origin';
  if (scripts?.prepack !== 'node ../../scripts/require-build.mjs') {
    yield 'expected the script prepack with scripts/require-build.mjs: without it npm packs a package without dist';
  }
}

/** A bundled package is not installed, so its types would be `any` or an error in a CommonJS project. */
function* esmOnlyTypes({ folder }, files) {
  for (const path of files.filter((name) => name.endsWith('.d.cts'))) {
    const text = readFileSync(join(folder, path), 'utf8');
    for (const [, name] of text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)['"](jose|lru-cache|eventsource-parser)\b/g)) {
      yield `${path} imports types of ${name}, which is ESM-only and bundled: declare the needed types instead`;
    }
  }
}

async function lint(manifest, tarball) {
  const bytes = Uint8Array.from(readFileSync(tarball)).buffer;
  const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true, level: 'warning' });
  return messages.map((message) => `publint: ${formatMessage(message, pkg ?? manifest, { color: false })}`);
}

async function resolveTypes(manifest, tarball) {
  const isDual = manifest.main !== undefined;
  const args = [tarball, '--no-definitely-typed', '--no-emoji', '--no-color', '--format', 'ascii'];
  const { status, stdout, stderr } = await readNode(binOf('@arethetypeswrong/cli', 'attw'), [
    ...args,
    ...(isDual ? [] : ['--profile', 'esm-only']),
  ]);
  return status === 0 ? [] : [`attw:\n${stdout}${stderr}`];
}
