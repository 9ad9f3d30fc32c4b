import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';

const run = promisify(execFile);
const bundler = createRequire(import.meta.url).resolve('esbuild');
const sources = fileURLToPath(new URL('../src/', import.meta.url));
const appended = { epoch: 'e1', head: 'h1', cursor: '1', loggedAtMs: 5, redisReplicas: 0, repeated: false };

let dir: string;
let redis: RedisServer;
let sidecar: Server;
let sidecarUrl: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-process-life-'));
  const options = {
    entryPoints: ['index.ts', 'replica.ts'].map((entry) => join(sources, entry)),
    ...{
      bundle: true,
      platform: 'node',
      format: 'esm',
      outExtension: { '.js': '.mjs' },
      outdir: dir,
      logLevel: 'error',
    },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  };
  const bundle = `require(${JSON.stringify(bundler)}).buildSync(${JSON.stringify(options)})`;
  await run(process.execPath, ['--eval', bundle]);
  redis = await startRedis();
  // It answers late, so that only the request keeps the process alive meanwhile.
  sidecar = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(201).end(JSON.stringify(appended)), 200);
  });
  await new Promise<void>((resolve) => sidecar.listen(0, '127.0.0.1', resolve));
  const { port } = sidecar.address() as AddressInfo; // listening on TCP: never a string or null
  sidecarUrl = `http://127.0.0.1:${port}`;
}, 60_000);
afterAll(async () => {
  sidecar.closeAllConnections();
  sidecar.close();
  await redis.stop();
  await rm(dir, { recursive: true });
});

/** Runs a module until it ends by itself. @returns what it printed. */
async function untilItEnds(source: string): Promise<string> {
  const path = join(dir, `run-${Math.random()}.mjs`);
  await writeFile(path, source);
  const { stdout } = await run(process.execPath, [path], { cwd: dir, timeout: 20_000 });
  return stdout;
}

const revoke = (url: string) => `
  import { createPublisher } from './index.mjs';
  async function main() {
    const publisher = await createPublisher(${JSON.stringify(url)});
    const { id } = await publisher.revoke({ issuer: 'https://issuer.example/', session: 's', reason: 'logout' }, { id: 'mine' });
    console.log('revoked', id);
  }
  main().catch((error) => console.log(error.code));
`;
const follow = (url: string) => `
  import { openFeed, openReplica, systemClock, systemRandom } from './replica.mjs';
  openReplica({ feed: await openFeed(${JSON.stringify(url)}), clock: systemClock, random: systemRandom });
  await new Promise((resolve) => setTimeout(resolve, 500));
  console.log('ends');
`;

describe('a script that revokes, and does not close its publisher', () => {
  it('has revoked through a sidecar before it ends', async () => {
    expect(await untilItEnds(revoke(sidecarUrl))).toBe('revoked mine\n');
  });

  it('has revoked in Redis before it ends, and ends', async () => {
    expect(await untilItEnds(revoke(redis.url))).toBe('revoked mine\n');
  });

  it.each(['http://127.0.0.1:1', 'redis://127.0.0.1:1'])(
    'reports that %s cannot be reached before it ends',
    async (url) => {
      expect(await untilItEnds(revoke(url))).toBe('unavailable\n');
    },
  );
});

describe('a process that follows a feed', () => {
  it.each(['http', 'redis'])('over %s ends although the feed is open', async (kind) => {
    expect(await untilItEnds(follow(kind === 'http' ? sidecarUrl : redis.url))).toBe('ends\n');
  });
});
