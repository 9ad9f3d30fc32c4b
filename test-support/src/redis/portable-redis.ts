import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The server of an unpacked copy, and the folder of its shared libraries. */
export interface PortableRedis {
  server: string;
  libraries: string;
}

/** Finds the server of an unpacked copy in `dir`. @returns undefined without a copy. */
export async function locatePortableRedis(dir: string): Promise<PortableRedis | undefined> {
  const server = join(dir, 'usr/bin/redis-server');
  if (!existsSync(server)) return undefined;
  const folders = await readdir(join(dir, 'usr/lib'));
  const libraries = folders.find((name) => name.endsWith('-linux-gnu')) ?? '.';
  return { server, libraries: join(dir, 'usr/lib', libraries) };
}

/**
 * Downloads the Redis of the distribution (about 3 MB, apt checks signatures) and unpacks it into `dir`. Needs Debian or
 * Ubuntu, but not root: nothing is installed and no service is started.
 *
 * Safe in several processes at the same time: each builds its own copy, and the first rename wins.
 */
export async function unpackPortableRedis(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const work = await mkdtemp(`${dir}.building-`);
  try {
    const unpacked = join(work, 'unpacked');
    for (const archive of await downloadPackages(work)) await run('dpkg-deb', ['-x', archive, unpacked]);
    // The package redis-server has only the service files. redis-tools has the binary under another name, which runs as
    // the server if its name is redis-server.
    const server = join(unpacked, 'usr/bin/redis-server');
    if (!existsSync(server)) await symlink('redis-check-rdb', server);
    await rename(unpacked, dir).catch(async (error: unknown) => {
      if ((await locatePortableRedis(dir)) === undefined) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function downloadPackages(work: string): Promise<string[]> {
  const cwd = join(work, 'archives');
  await mkdir(cwd);
  const apt = await aptWithPackage('redis-tools', work, cwd);
  const [tools] = await readdir(cwd);
  if (tools === undefined) throw new Error('apt-get download created no file');
  const { stdout } = await run('dpkg-deb', ['-f', join(cwd, tools), 'Depends']);
  await apt('download', ...librariesIn(stdout));
  return (await readdir(cwd)).map((name) => join(cwd, name));
}

export type Apt = (...args: string[]) => Promise<unknown>;

/**
 * Downloads the package `name` into `cwd`. @returns the `apt-get` that succeeded: with the package lists of the system,
 * or, if the system has none, with new lists in `work`.
 */
export async function aptWithPackage(name: string, work: string, cwd: string): Promise<Apt> {
  const system: Apt = (...args) => run('apt-get', ['-q', ...args], { cwd });
  try {
    await system('download', name);
    return system;
  } catch {
    const [lists, cache] = [join(work, 'lists'), join(work, 'cache')];
    await mkdir(join(lists, 'partial'), { recursive: true });
    await mkdir(join(cache, 'archives/partial'), { recursive: true });
    // Separate folders, so that neither root nor the lock of the system is needed.
    const own: Apt = (...args) =>
      run('apt-get', ['-q', '-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`, ...args], { cwd });
    await own('update');
    await own('download', name);
    return own;
  }
}

// Names differ between releases (libssl3, libssl3t64), so they are read from the package. Every system with apt has
// these two, and the server must use those of the system.
const systemLibraries = new Set(['libc6', 'libsystemd0']);

/** The shared libraries in a `Depends:` line: `adduser, libssl3 (>= 3.0.0), liba | libb` → `libssl3`, `liba`. */
export function librariesIn(depends: string): string[] {
  const names = depends.split(',').map((item) => item.trim().split(/[\s(|:]/)[0] ?? '');
  return names.filter((name) => name.startsWith('lib') && !systemLibraries.has(name));
}
