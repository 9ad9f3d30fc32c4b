import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { locatePortableRedis, unpackPortableRedis } from './portable-redis.ts';

const run = promisify(execFile);
/** In the repository; the path is the same from `src/redis` and from `dist/redis`. */
export const defaultCacheDir = fileURLToPath(new URL('../../../.cache/redis', import.meta.url));

/** A Redis or Valkey server that runs with `--version`. */
export interface RedisBinaries {
  /** Path of the executable. */
  server: string;
  /** Variables for every start, such as the path of the shared libraries. */
  env: Readonly<Record<string, string>>;
  /** For example `7.0.15`. */
  version: string;
  source: 'environment' | 'path' | 'portable copy';
}

export interface FindRedisOptions {
  /** Receives one line when the search takes longer than two seconds. Default: writes to stderr. */
  progress?: (line: string) => void;
  /** Environment with REVOCAST_REDIS_SERVER and PATH. Default `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Folder of the portable copies, with one folder for each platform. Default `<repository>/.cache/redis`. */
  cacheDir?: string;
}

let found: Promise<RedisBinaries> | undefined;

/**
 * Finds a server: REVOCAST_REDIS_SERVER, then `valkey-server` or `redis-server` in PATH, then a portable copy in the
 * cache, which is downloaded on Debian and Ubuntu. Safe in several processes at the same time.
 *
 * The result of a call without `env` and `cacheDir` is cached in this process.
 *
 * @throws Error with instructions to install one, or when the server in REVOCAST_REDIS_SERVER does not run; in that case
 *         no other server is used.
 */
export function findRedisServer(options: FindRedisOptions = {}): Promise<RedisBinaries> {
  if (options.env !== undefined || options.cacheDir !== undefined) return search(options);
  found ??= search(options).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function search(options: FindRedisOptions): Promise<RedisBinaries> {
  const { progress = toStderr, env = process.env } = options;
  const { cacheDir = defaultCacheDir } = options;
  const slow = setTimeout(() => progress('still preparing a Redis server (one download of about 3 MB) …'), 2000);
  try {
    const named = env['REVOCAST_REDIS_SERVER'];
    if (named) return await fromEnvironment(named);
    return (await onPath(env['PATH'])) ?? (await portable(join(cacheDir, `${process.platform}-${process.arch}`)));
  } finally {
    clearTimeout(slow);
  }
}

async function fromEnvironment(server: string): Promise<RedisBinaries> {
  try {
    return { server, env: {}, version: await versionOf(server, {}), source: 'environment' };
  } catch (cause) {
    throw new Error(`REVOCAST_REDIS_SERVER is ${server}, which does not run as a Redis server`, { cause });
  }
}

async function onPath(path = ''): Promise<RedisBinaries | undefined> {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  for (const server of ['valkey-server', 'redis-server'].flatMap((name) => folders.map((dir) => join(dir, name)))) {
    if (!isExecutable(server)) continue;
    const version = await versionOf(server, {}).catch(() => undefined);
    if (version !== undefined) return { server, env: {}, version, source: 'path' };
  }
  return undefined;
}

async function portable(dir: string): Promise<RedisBinaries> {
  try {
    const cached = await runnableCopy(dir).catch(() => discard(dir));
    if (cached !== undefined) return cached;
    await unpackPortableRedis(dir);
    const fresh = await runnableCopy(dir);
    if (fresh !== undefined) return fresh;
  } catch (cause) {
    throw new Error(howToInstall, { cause });
  }
  throw new Error(howToInstall);
}

/** @returns undefined without a copy. @throws Error when the copy does not run (another system, partly deleted). */
async function runnableCopy(dir: string): Promise<RedisBinaries | undefined> {
  const copy = await locatePortableRedis(dir);
  if (copy === undefined) return undefined;
  const env = { LD_LIBRARY_PATH: copy.libraries };
  return { server: copy.server, env, version: await versionOf(copy.server, env), source: 'portable copy' };
}

/** Renames a broken copy before it is deleted, so that no process uses a partly deleted copy. */
async function discard(dir: string): Promise<undefined> {
  const aside = `${dir}.broken-${process.pid}-${performance.now()}`;
  // Fails when another process has renamed it before.
  await rename(dir, aside).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
}

async function versionOf(server: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run(server, ['--version'], { env: { ...process.env, ...env }, timeout: 5000 });
  const version = /server v=(\S+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`expected the version of a Redis server from ${server} --version`);
  return version;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

const howToInstall = [
  'No Redis server was found, and a portable copy could not be downloaded (this needs Debian or Ubuntu and its mirrors).',
  'Install one:  macOS: brew install redis    Debian, Ubuntu: apt-get install redis-server    Fedora: dnf install valkey',
  'or set REVOCAST_REDIS_SERVER to the path of a redis-server or valkey-server executable.',
].join('\n');
