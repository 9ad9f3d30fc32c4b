// Checks that the packages work when they are installed: packs them, installs the tarballs into empty projects of
// several kinds, and compiles and runs a small program and the snippets of the READMEs there.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pack, publishedWorkspaces } from './pack.mjs';
import { npmScript, readNode, root, runNode } from './run.mjs';
import { projects } from './tarballs/projects.mjs';
import { findSnippets, packagesIn } from './tarballs/snippets.mjs';

const { devDependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

refuseSharedModules(realpathSync(tmpdir()));
runNode(join(root, 'scripts', 'build.mjs'));
const workspaces = publishedWorkspaces();
const tarballs = new Map();
for (const workspace of workspaces) tarballs.set(workspace.manifest.name, (await pack(workspace)).tarball);
const libraries = workspaces.filter(({ path }) => path.startsWith('packages/'));
const entries = libraries.flatMap(({ manifest }) =>
  Object.keys(manifest.exports).map((key) => manifest.name + key.slice(1)),
);
const snippets = findSnippets();
console.log(`${tarballs.size} tarballs, ${snippets.length} snippets`);

const failed = [];
if (!snippets.some(({ at }) => at.startsWith('README.md')))
  failed.push('README.md has no snippet (a fence with ```ts)');
const waiting = [...projects];
// Two at the same time, because an installation waits for the disk and a compilation for the processor.
await Promise.all([work(), work()]);
for (const problem of failed) console.error(`\n${problem}`);
console.log(`\n${projects.length} projects, ${failed.length} failures`);
process.exit(failed.length === 0 ? 0 : 1);

/** Node searches for packages in all parent folders, so a project below a folder with packages is not empty. */
function refuseSharedModules(folder) {
  if (existsSync(join(folder, 'node_modules'))) {
    console.error(`${join(folder, 'node_modules')} is used by every project below it: remove it, or set TMPDIR`);
    process.exit(1);
  }
  if (dirname(folder) !== folder) refuseSharedModules(dirname(folder));
}

async function work() {
  for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
    const startedAt = performance.now();
    const problem = await tryProject(project);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${problem === undefined ? 'ok    ' : 'FAILED'} ${project.title} (${seconds} s)`);
    if (problem !== undefined) failed.push(`${project.title}: ${problem}`);
  }
}

/** Resolves with the problem; in this case the folder of the project is kept. */
async function tryProject(project) {
  const folder = mkdtempSync(join(tmpdir(), 'revocast-project-'));
  // Programs install the optional peers, and would hide that a library needs one of them.
  const programs = project.sidecar ? ['@revocast/sidecar', '@revocast/receiver'] : [];
  const names = [...libraries.map(({ manifest }) => manifest.name), ...programs];
  const ours = Object.fromEntries(names.map((name) => [name, `file:${tarballs.get(name)}`]));
  const dependencies = { ...ours, ...snippetPackages(project), ...project.installs };
  const manifest = { name: 'project', private: true, type: project.type, dependencies, overrides };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  copyFileSync(join(root, 'scripts', 'tarballs', 'harness.cjs'), join(folder, 'harness.cjs'));
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--no-package-lock'];
  const installed = await readNode(npmScript(), install, { cwd: folder });
  if (installed.status !== 0) return `npm install failed in ${folder}\n${installed.stderr}`;
  project.write(folder, { entries: entries.filter((name) => !name.endsWith('/package.json')), snippets });
  for (const [script, ...args] of project.steps(folder)) {
    const { status, stdout, stderr } = await readNode(script, args, { cwd: folder });
    if (status !== 0) return `\`node ${[script, ...args].join(' ')}\` failed in ${folder}\n${stdout}${stderr}`;
  }
  rmSync(folder, { recursive: true });
  return undefined;
}

/** The packages that the snippets import, in the versions of this repository, for projects that compile them. */
function snippetPackages({ installs }) {
  if (Object.keys(installs).length === 0) return {};
  return Object.fromEntries(packagesIn(snippets).map((name) => [name, devDependencies[name] ?? '*']));
}
