import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSource } from '@revocast/denylist/replica';
import { type RunningSidecar, startSidecar } from '@revocast/sidecar';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { pino } from 'pino';

// A promise about the life of a process must hold for every object that this repository hands out, and wherever it is
// used: in a script, behind a server that drains, in a worker thread, in a test of an application.

const run = promisify(execFile);
const built = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const jest = built('node_modules/jest/bin/jest.js');

let dir: string;
let redis: RedisServer;
let sidecar: RunningSidecar;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-life-'));
  redis = await startRedis();
  const wholeLog = await openSource(redis.url);
  await wholeLog.declareWhole?.();
  await wholeLog.close();
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, 'a-token-of-this-test-only\n');
  const listeners = { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 };
  const log = pino({ level: 'silent' });
  sidecar = await startSidecar({ source: redis.url, writeTokenFile: tokenFile, ...listeners }, { log });
});
afterAll(async () => {
  await sidecar.stop();
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
});

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenOf(subject: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://i.example/',
    aud: 'api',
    sub: subject,
    client_id: 'c',
    jti: subject,
    iat,
    exp: iat + 300,
  };
  const input = `${part({ typ: 'at+jwt', alg: 'ES256', kid: 'k' })}.${part(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** What every piece of code below can use. */
function preamble(): string {
  const [middleware, denylist] = ['packages/middleware/dist', 'packages/denylist/dist'].map(built);
  const given = {
    redis: redis.url,
    http: sidecar.dataUrl,
    file: `file:${join(dir, 'log')}-`,
    tokenFile: join(dir, 'token'),
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }] },
    requests: ['a', 'b', 'c'].map((subject) => ({ headers: { authorization: `Bearer ${tokenOf(subject)}` } })),
  };
  return `
    import { createPublisher } from ${JSON.stringify(`${denylist}/index.js`)};
    import * as replica from ${JSON.stringify(`${denylist}/replica.js`)};
    import { createFeedServer } from ${JSON.stringify(`${denylist}/server.js`)};
    import { createVerifier, protect } from ${JSON.stringify(`${middleware}/index.js`)};
    const given = ${JSON.stringify(given)};
    const expect = (isTrue, what) => { if (!isTrue) throw new Error('expected ' + what); };
    const revocation = { issuer: 'https://i.example/', session: 's', reason: 'logout' };
    const verifierOf = (revocation, more) => createVerifier({
      issuer: 'https://i.example/', audience: 'api', jwks: given.jwks, revocation, logger: null, ...more });
    const verifyAll = async (verifier) => {
      const decisions = await Promise.all(given.requests.map((request) => verifier.verify(request)));
      const outcomes = decisions.map(({ outcome, reason }) => reason ?? outcome);
      expect(outcomes.every((outcome) => outcome === 'accepted'), 'accepted tokens, found ' + outcomes);
    };
    const ports = { clock: replica.systemClock, random: replica.systemRandom };
  `;
}

/** Code that uses each public factory and closes nothing. `\${n}` is a number that no other use has. */
const uses: readonly [string, string][] = [
  ['a publisher in Redis', `await (await createPublisher(given.redis)).revoke(revocation);`],
  [
    'a publisher through a sidecar, until it is enforced',
    `const published = await (await createPublisher(given.http, { tokenFile: given.tokenFile })).revoke(revocation);
     await published.enforcedEverywhere({ timeoutMs: 100 });`,
  ],
  ['a publisher in memory', `await (await createPublisher('memory:')).revoke(revocation);`],
  [
    'a publisher in a file',
    `await (await createPublisher(given.file + process.pid + Math.random())).revoke(revocation);`,
  ],
  [
    'a replica of Redis',
    `await replica.openReplica({ feed: await replica.openFeed(given.redis), ...ports }).ready({ timeoutMs: 500 });`,
  ],
  [
    'a replica of a sidecar',
    `expect(await replica.openReplica({ feed: await replica.openFeed(given.http), ...ports }).ready({ timeoutMs: 20000 }), 'a fresh replica');`,
  ],
  [
    'a look-up',
    `await (await replica.openLookUp(given.redis)).find(replica.digestSetOf([{ dimension: 'session', issuer: 'i', value: 's' }]), 1);`,
  ],
  ['a replay store', `await (await replica.openReplayStore(given.redis)).take('n' + Math.random(), 1000);`],
  [
    'a source in Redis, examined, with heartbeats',
    `const source = await replica.openSource(given.redis);
     await source.health();
     source.startHeartbeat({ holder: 'h' });`,
  ],
  ['a usage store', `await (await replica.openUsageStore(given.http)).add({ subjects: [], tokens: {} }, Date.now());`],
  [
    'a feed server',
    `const source = await replica.openSource('memory:');
     createFeedServer({ replica: replica.openReplica({ feed: source.feed, ...ports }), clock: ports.clock });`,
  ],
  ['a verifier without revocation', `await verifyAll(verifierOf(null));`],
  [
    'a verifier behind a sidecar, with usage and tokens at once',
    `const verifier = verifierOf({ feed: given.http, lookup: null }, { usage: {} });
     expect(await verifier.ready({ timeoutMs: 20000 }), 'a ready verifier');
     await verifyAll(verifier);`,
  ],
  ['a verifier with a look-up', `await verifierOf({ feed: null, lookup: given.redis }).verify(given.requests[0]);`],
  [
    'a handler with DPoP proofs in Redis',
    `protect({ issuer: 'https://i.example/', audience: 'api', jwks: given.jwks, logger: null,
       revocation: { feed: given.http, lookup: null }, dpop: { publicOrigin: 'https://api.example', replays: given.redis } });`,
  ],
];

const body = (use: string) => `await (async () => { ${use} })();`;
const everyUse = uses.map(([, use]) => body(use)).join('\n');
/** Says what keeps the process alive, without doing so itself. */
const watchdog = `setTimeout(() => {
  console.log('still alive:', process.getActiveResourcesInfo().join());
  process.exit(1);
}, 20_000).unref();`;

/** Runs a module until its process ends. @returns what it printed. */
async function runModule(source: string): Promise<string> {
  const path = join(dir, `run-${Math.random()}.mjs`);
  await writeFile(path, `${preamble()}${watchdog}\n${source}`);
  const { code, stdout, stderr } = await run(process.execPath, [path], { cwd: dir, timeout: 60_000 }).catch(
    (error) => error,
  );
  return code === undefined ? stdout : `${stdout}ended with ${code}\n${stderr}`;
}

describe('a script that uses and does not close', () => {
  it.each(uses)('%s ends when its work is done', async (_name, use) => {
    expect(await runModule(`${body(use)}\nconsole.log('done');`)).toBe('done\n');
  });
});

describe('all of them, not closed,', () => {
  it('let a server end its process when it has drained', async () => {
    const served = `
      import { createServer } from 'node:http';
      const server = createServer((_request, response) => response.end('ok'));
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      await (await fetch('http://127.0.0.1:' + server.address().port, { headers: { connection: 'close' } })).text();
      ${everyUse}
      process.once('SIGTERM', () => server.close(() => console.log('drained')));
      process.kill(process.pid, 'SIGTERM');`;
    expect(await runModule(served)).toBe('drained\n');
  });

  it('let a worker thread end, and its process', async () => {
    const worker = join(dir, 'worker.mjs');
    await writeFile(worker, `${preamble()}\n${everyUse}`);
    const main = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${JSON.stringify(worker)});
      worker.on('error', (error) => console.log(error));
      worker.on('exit', (code) => console.log('ended', code));`;
    expect(await runModule(main)).toBe('ended 0\n');
  });

  it('let jest end without a warning', async () => {
    const project = await mkdtemp(join(dir, 'jest-'));
    const tests = uses.map(([name, use]) => `test(${JSON.stringify(name)}, async () => { ${use} });`);
    await writeFile(join(project, 'package.json'), '{ "type": "module", "jest": { "transform": {} } }');
    await writeFile(
      join(project, 'application.test.js'),
      // jest has an `expect` of its own.
      `${preamble()}\n${tests.join('\n')}`.replaceAll('expect(', 'require_(').replace('const expect', 'const require_'),
    );
    const args = ['--experimental-vm-modules', '--no-warnings', jest, '--rootDir', project, '--runInBand'];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: project, timeout: 60_000 });
    expect(stderr + stdout).toContain(`${uses.length} passed`);
    expect(stderr + stdout).not.toContain('did not exit');
  });

  it('are closed by what `await using` calls', async () => {
    const source = `
      const closed = [];
      const opened = {
        publisher: await createPublisher(given.redis),
        memory: await createPublisher('memory:'),
        replica: replica.openReplica({ feed: await replica.openFeed(given.http), ...ports }),
        lookUp: await replica.openLookUp(given.redis),
        replayStore: await replica.openReplayStore(given.redis),
        source: await replica.openSource(given.redis),
        usageStore: await replica.openUsageStore(given.http),
      };
      opened.feedServer = createFeedServer({ replica: opened.replica, clock: ports.clock });
      for (const [name, object] of Object.entries(opened)) {
        const { close } = object;
        object.close = (...args) => { closed.push(name); return close.apply(object, args); };
        await object[Symbol.asyncDispose]();
      }
      console.log(closed.length === Object.keys(opened).length, closed.join());`;
    expect(await runModule(source)).toBe(
      'true publisher,memory,replica,lookUp,replayStore,source,usageStore,feedServer\n',
    );
  });
});
