import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { aptWithPackage } from './redis/portable-redis.ts';

const run = promisify(execFile);
const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Executables that run with `--version`. */
export interface PrometheusBinaries {
  prometheus: string;
  promtool: string;
  /** For example `2.42.0`. */
  version: string;
}

let found: Promise<PrometheusBinaries> | undefined;

/**
 * Finds Prometheus and promtool: in the folder of REVOCAST_PROMETHEUS, then in PATH, then in the cache, to which a
 * portable copy is downloaded on Debian and Ubuntu (19 MB, nothing is installed). Caches the result in this process.
 *
 * @throws Error with instructions to install one.
 */
export function findPrometheus(): Promise<PrometheusBinaries> {
  found ??= search().catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function search(): Promise<PrometheusBinaries> {
  const named = process.env['REVOCAST_PROMETHEUS'];
  if (named) return await binariesIn(named);
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!existsSync(join(folder, 'prometheus')) || !existsSync(join(folder, 'promtool'))) continue;
    const onPath = await binariesIn(folder).catch(() => undefined);
    if (onPath !== undefined) return onPath;
  }
  const cached = join(repository, '.cache/prometheus', `${process.platform}-${process.arch}`);
  try {
    if (!existsSync(cached)) await unpack(cached);
    return await binariesIn(join(cached, 'usr/bin'));
  } catch (cause) {
    throw new Error(howToGet, { cause });
  }
}

async function binariesIn(folder: string): Promise<PrometheusBinaries> {
  const [prometheus, promtool] = [join(folder, 'prometheus'), join(folder, 'promtool')];
  const answers = await Promise.all([prometheus, promtool].map((path) => run(path, ['--version'])));
  const version = /version (\d[\d.]*)/.exec(answers.map(({ stdout, stderr }) => stdout + stderr).join(''))?.[1];
  if (version === undefined)
    throw new Error(`expected prometheus and promtool in ${folder} to print a version with --version`);
  return { prometheus, promtool, version };
}

/** Safe in several processes at the same time: each builds its own copy, and the first rename wins. */
async function unpack(dir: string): Promise<void> {
  process.stderr.write('downloading Prometheus (19 MB, once) …\n');
  await mkdir(dirname(dir), { recursive: true });
  const work = await mkdtemp(`${dir}.building-`);
  try {
    const archives = join(work, 'archives');
    await mkdir(archives);
    await aptWithPackage('prometheus', work, archives);
    const [archive] = await readdir(archives);
    if (archive === undefined) throw new Error('apt-get download created no file');
    const unpacked = join(work, 'unpacked');
    // Both executables are linked statically, so no other package is needed.
    await run('dpkg-deb', ['-x', join(archives, archive), unpacked]);
    await rename(unpacked, dir).catch((error: unknown) => {
      if (!existsSync(dir)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const howToGet = [
  'Prometheus was not found, and a portable copy could not be downloaded (this needs Debian or Ubuntu and its mirrors).',
  'Install it:  macOS: brew install prometheus    Debian, Ubuntu: apt-get install prometheus    others: prometheus.io/download',
  'If it is not in PATH, set REVOCAST_PROMETHEUS to the folder with `prometheus` and `promtool`.',
].join('\n');
