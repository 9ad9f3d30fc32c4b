// Creates the tarballs that npm would publish, in .cache/tarballs.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmScript, readNode, root } from './run.mjs';

/** All published workspaces, as `{ path, folder, manifest }`. */
export function publishedWorkspaces(repository = root) {
  return ['packages', 'apps']
    .flatMap((parent) => readdirSync(join(repository, parent)).map((name) => `${parent}/${name}`))
    .map((path) => {
      const folder = join(repository, path);
      return { path, folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) };
    })
    .filter(({ manifest }) => !manifest.private);
}

/** Every path that a package.json names as its content, except those of `revocast-source`, which are not published. */
export function publishedPaths({ exports, main, types, bin }) {
  return pathsIn({ ...exports, main, types, bin }).map((path) => path.replace(/^\.\//, ''));
}

function pathsIn(value) {
  if (typeof value === 'string') return value.startsWith('./') ? [value] : [];
  return Object.entries(value ?? {}).flatMap(([key, inner]) => (key === 'revocast-source' ? [] : pathsIn(inner)));
}

/**
 * Packs the current content of dist, without a build.
 *
 * @param destination folder of the tarball. Scripts that run at the same time need different ones.
 * @returns {Promise<{ tarball: string, files: string[] }>} the path of the tarball, and the paths inside it
 */
export async function pack(workspace, destination = join(root, '.cache', 'tarballs')) {
  mkdirSync(destination, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const { status, stdout, stderr } = await readNode(npmScript(), args, { cwd: workspace.folder });
  if (status !== 0) throw new Error(`npm pack failed in ${workspace.path}:\n${stderr}`);
  const [{ filename, files }] = JSON.parse(stdout);
  return { tarball: join(destination, filename), files: files.map(({ path }) => path) };
}
