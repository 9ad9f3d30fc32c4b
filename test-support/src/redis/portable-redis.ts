import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The server inside an unpacked copy, and the directory of the shared libraries that came with it. */
export interface PortableRedis {
  server: string;
  libraries: string;
}

/** Where an unpacked copy in `dir` keeps its server; undefined when there is none. */
export async function locatePortableRedis(dir: string): Promise<PortableRedis | undefined> {
  const server = join(dir, 'usr/bin/redis-server');
  if (!existsSync(server)) return undefined;
  const folders = await readdir(join(dir, 'usr/lib'));
  const libraries = folders.find((name) => name.endsWith('-linux-gnu')) ?? '.';
  return { server, libraries: join(dir, 'usr/lib', libraries) };
}

/**
 * Downloads the distribution's own Redis (about 3 MB, signatures checked by apt) and unpacks it into `dir`.
 * Needs Debian or Ubuntu, no root: nothing is installed and no service is started.
 *
 * Several processes may do this at once: each builds a copy of its own, and the first rename wins.
 */
export async function unpackPortableRedis(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const work = await mkdtemp(`${dir}.building-`);
  try {
    const unpacked = join(work, 'unpacked');
    for (const archive of await downloadPackages(work)) await run('dpkg-deb', ['-x', archive, unpacked]);
    // The package with the name redis-server carries only the service files. Its binary lies in redis-tools under
    // another name, and becomes the server when it is called by this one.
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
  const apt = await aptThatKnows('redis-tools', work, cwd);
  const [tools] = await readdir(cwd);
  if (tools === undefined) throw new Error('apt-get download left no file');
  const { stdout } = await run('dpkg-deb', ['-f', join(cwd, tools), 'Depends']);
  await apt('download', ...librariesIn(stdout));
  return (await readdir(cwd)).map((name) => join(cwd, name));
}

export type Apt = (...args: string[]) => Promise<unknown>;

/**
 * An `apt-get` that could download `name` into `cwd`: on the system's package lists, or (a bare image) on lists of our
 * own, kept in `work`.
 */
export async function aptThatKnows(name: string, work: string, cwd: string): Promise<Apt> {
  const system: Apt = (...args) => run('apt-get', ['-q', ...args], { cwd });
  try {
    await system('download', name);
    return system;
  } catch {
    const [lists, cache] = [join(work, 'lists'), join(work, 'cache')];
    await mkdir(join(lists, 'partial'), { recursive: true });
    await mkdir(join(cache, 'archives/partial'), { recursive: true });
    // Own directories, so that neither root nor the system's lock is needed.
    const own: Apt = (...args) =>
      run('apt-get', ['-q', '-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`, ...args], { cwd });
    await own('update');
    await own('download', name);
    return own;
  }
}

// Names differ between releases (libssl3, libssl3t64), so they are read from the package. The C library and systemd's
// belong to every system that has apt, and must be the system's own.
const alwaysThere = new Set(['libc6', 'libsystemd0']);

/** The shared libraries in a `Depends:` line: `adduser, libssl3 (>= 3.0.0), liba | libb` → `libssl3`, `liba`. */
export function librariesIn(depends: string): string[] {
  const names = depends.split(',').map((item) => item.trim().split(/[\s(|:]/)[0] ?? '');
  return names.filter((name) => name.startsWith('lib') && !alwaysThere.has(name));
}
