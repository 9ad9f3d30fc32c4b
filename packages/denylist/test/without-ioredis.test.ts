import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const bundler = createRequire(import.meta.url).resolve('esbuild');
const sources = fileURLToPath(new URL('../src/', import.meta.url));

// Both entries with everything they need but ioredis, in a folder from which it cannot be found.
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-without-ioredis-'));
  const options = {
    entryPoints: ['index.ts', 'replica.ts'].map((entry) => join(sources, entry)),
    ...{ bundle: true, platform: 'node', format: 'esm', external: ['ioredis'], outExtension: { '.js': '.mjs' } },
    ...{ outdir: dir, logLevel: 'error' },
    // `ws` is CommonJS and requires what Node brings along, which an ES module does not have by itself.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  };
  // In a process of its own: the bundler does not take to the globals of a test.
  const bundle = `require(${JSON.stringify(bundler)}).buildSync(${JSON.stringify(options)})`;
  await run(process.execPath, ['--eval', bundle]);
  // Hides one that may be installed in a folder above.
  await mkdir(join(dir, 'node_modules', 'ioredis'), { recursive: true });
  await writeFile(join(dir, 'node_modules', 'ioredis', 'package.json'), '{ "name": "ioredis", "exports": {} }');
}, 30_000);
afterAll(() => rm(dir, { recursive: true }));

/** Runs a module in a process of its own. @returns what it printed, as JSON. */
async function evaluate(source: string): Promise<unknown> {
  const path = join(dir, `run-${Math.random()}.mjs`);
  await writeFile(path, source);
  const { stdout } = await run(process.execPath, [path], { cwd: dir });
  return JSON.parse(stdout);
}

describe('without ioredis', () => {
  it('there is none to be found, or this test would prove nothing', async () => {
    const code = await evaluate(`
      console.log(JSON.stringify(await import('ioredis').then(() => 'found', (error) => error.code)));
    `);
    expect(code).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('a publisher in memory works', async () => {
    const published = await evaluate(`
      import { createPublisher } from './index.mjs';
      const publisher = await createPublisher('memory:');
      const { id, redisReplicas } = await publisher.revoke(
        { issuer: 'https://issuer.example/', session: 's', reason: 'logout' }, { id: 'mine' });
      await publisher.close();
      console.log(JSON.stringify({ id, redisReplicas }));
    `);
    expect(published).toEqual({ id: 'mine', redisReplicas: 0 });
  });

  it('a sidecar as feed, and a replica, can be opened', async () => {
    const name = await evaluate(`
      import { openFeed, systemClock as clock, systemRandom as random } from './replica.mjs';
      console.log(JSON.stringify((await openFeed('http://127.0.0.1:7471', { clock, random })).name));
    `);
    expect(name).toBe('http://127.0.0.1:7471');
  });

  it.each([
    ['a publisher', 'index', 'createPublisher(url)'],
    ['a feed', 'replica', 'openFeed(url, ports)'],
    ['a look-up', 'replica', 'openLookUp(url, ports)'],
    ['a source', 'replica', "openSource(url, { ...ports, newEpoch: () => '0'.repeat(16) })"],
  ])('%s behind a redis: URL is refused at once, with what to install and no credentials', async (_, entry, open) => {
    const refusal = await evaluate(`
      import { systemClock as clock, systemRandom as random } from './replica.mjs';
      import * as revocast from './${entry}.mjs';
      const { createPublisher, openFeed, openLookUp, openSource } = revocast;
      const ports = { clock, random };
      const url = 'redis://operator:s3cret@127.0.0.1:1';
      const told = await ${open}.then(
        () => 'opened',
        ({ name, code, option, message }) => ({ name, code, option, message }),
      );
      console.log(JSON.stringify(told));
    `);
    expect(refusal).toEqual({
      name: 'ConfigurationError',
      code: 'configuration',
      option: 'url',
      message: 'url: a redis: URL needs the package ioredis: npm install ioredis',
    });
  });
});
