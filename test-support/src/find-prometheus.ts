import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { aptThatKnows } from './redis/portable-redis.ts';

const run = promisify(execFile);
const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Executables that have answered `--version`. */
export interface PrometheusBinaries {
  prometheus: string;
  promtool: string;
  /** For example `2.42.0`. */
  version: string;
}

let found: Promise<PrometheusBinaries> | undefined;

/**
 * Finds a Prometheus and its promtool: the folder in REVOCAST_PROMETHEUS, else PATH, else a portable copy in the cache,
 * which is downloaded first on Debian and Ubuntu (19 MB, nothing is installed). Remembered for the life of the process.
 *
 * @throws Error that says how to get one.
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
  if (version === undefined) throw new Error(`${folder} holds no Prometheus that prints its version`);
  return { prometheus, promtool, version };
}

/** Several processes may do this at once: each builds a copy of its own, and the first rename wins. */
async function unpack(dir: string): Promise<void> {
  process.stderr.write('downloading Prometheus (19 MB, once) …\n');
  await mkdir(dirname(dir), { recursive: true });
  const work = await mkdtemp(`${dir}.building-`);
  try {
    const archives = join(work, 'archives');
    await mkdir(archives);
    await aptThatKnows('prometheus', work, archives);
    const [archive] = await readdir(archives);
    if (archive === undefined) throw new Error('apt-get download left no file');
    const unpacked = join(work, 'unpacked');
    // Both executables are linked statically: none of the libraries that the package names is needed.
    await run('dpkg-deb', ['-x', join(archives, archive), unpacked]);
    await rename(unpacked, dir).catch((error: unknown) => {
      if (!existsSync(dir)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const howToGet = [
  'No Prometheus to be found, and a portable copy could not be made (that needs Debian or Ubuntu and its mirrors).',
  'Get one:    macOS: brew install prometheus    Debian, Ubuntu: apt-get install prometheus    others: prometheus.io/download',
  'and set REVOCAST_PROMETHEUS to the folder that holds `prometheus` and `promtool`, unless they are on PATH.',
].join('\n');
