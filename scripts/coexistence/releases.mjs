import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { npmScript, readNode, root } from '../run.mjs';

/** The last commit on which sidecars and processes spoke by server-sent events and POST alone. */
const lastReleaseCommit = '2a3fc5a6c7e65cd35c08f91b57eaa718a53bc139';
const names = ['@revocast/denylist', '@revocast/sidecar'];

/** @returns the reason for which the last release cannot be built here; undefined when it can. */
export function whyNoLastRelease() {
  const { status, error } = spawnSync('git', ['cat-file', '-e', `${lastReleaseCommit}^{commit}`], { cwd: root });
  if (error !== undefined) return `git cannot be started: ${error.message}`;
  if (status === 0) return undefined;
  return `this clone has no commit ${lastReleaseCommit.slice(0, 7)}, which the last release is built from: git fetch --unshallow`;
}

/** Packs the packages of the last release. They are built once and kept in .cache. @returns paths of the tarballs by name */
export async function packLastRelease(say) {
  const folder = join(root, '.cache', 'last-release', lastReleaseCommit);
  const packed = join(folder, 'packed.json');
  if (!existsSync(packed)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    say('building the last release (once)');
    git(['clone', '--quiet', '--shared', '--no-checkout', root, folder]);
    git(['-C', folder, 'checkout', '--quiet', '--detach', lastReleaseCommit]);
    await run(npmScript(), ['ci', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'], folder);
    await run(join(folder, 'scripts', 'build.mjs'), ['--types-only'], folder);
    writeFileSync(packed, JSON.stringify(await packIn(folder)));
  }
  return JSON.parse(readFileSync(packed, 'utf8'));
}

/** Packs what lies in dist now. @returns paths of the tarballs by name */
export function packThisRelease() {
  return packIn(root);
}

/** Installs tarballs into a folder of their own. @returns what starts the sidecar and the process of that release */
export async function install(title, tarballs) {
  const folder = join(realpathSync(tmpdir()), `revocast-coexistence-${process.pid}-${title}`);
  mkdirSync(folder);
  const dependencies = Object.fromEntries(names.map((name) => [name, `file:${tarballs[name]}`]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  copyFileSync(join(root, 'scripts', 'coexistence', 'follow.mjs'), join(folder, 'follow.mjs'));
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--no-package-lock'];
  await run(npmScript(), ['install', ...options], folder);
  return {
    title,
    sidecar: join(folder, 'node_modules', '@revocast', 'sidecar', 'dist', 'main.js'),
    follow: join(folder, 'follow.mjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function packIn(repository) {
  const { pack, publishedWorkspaces } = await import(pathToFileURL(join(repository, 'scripts', 'pack.mjs')).href);
  const tarballs = {};
  for (const workspace of publishedWorkspaces()) {
    const { name } = workspace.manifest;
    if (names.includes(name))
      tarballs[name] = (await pack(workspace, join(repository, '.cache', 'coexistence'))).tarball;
  }
  return tarballs;
}

function git(args) {
  const { status, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed:\n${stderr}`);
}

async function run(script, args, cwd) {
  const { status, stdout, stderr } = await readNode(script, args, { cwd });
  if (status !== 0) throw new Error(`node ${[script, ...args].join(' ')} failed in ${cwd}:\n${stdout}${stderr}`);
}
