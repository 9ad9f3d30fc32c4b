import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { openSource, randomHex, systemClock, systemRandom } from '@revocast/denylist/replica';
import { type RunningSidecar, startSidecar } from '@revocast/sidecar';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { pino } from 'pino';
import { program } from '../cli-process.ts';
import { runIn, testWorld } from '../test-world.ts';

// The tests start real servers, which is slow on a busy machine.
jest.setTimeout(60_000);

const issuer = 'https://login.test/';
let redis: RedisServer;
let sidecar: RunningSidecar;
let publisher: Publisher;

beforeAll(async () => {
  redis = await startRedis({ config: { appendonly: 'yes' } });
  const ports = { clock: systemClock, random: systemRandom, newEpoch: () => randomHex(8) };
  const source = await openSource(redis.url, ports);
  await source.declareWhole?.();
  await source.close();
  const config = { source: redis.url, dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 };
  sidecar = await startSidecar(config, { log: pino({ level: 'silent' }) });
  publisher = await createPublisher(redis.url);
});
afterAll(async () => {
  await publisher?.close();
  await sidecar?.stop();
  await redis?.stop();
});

describe.each([
  ['the log', () => redis.url],
  ['a sidecar', () => sidecar.dataUrl],
])('given %s', (_name, url) => {
  it('prints one line for each new event, without the value', async () => {
    await publisher.revoke({ issuer, subject: 'before', reason: 'admin' });
    // A sidecar sends changes only: the same revocation again within a second is no change.
    const subject = `alice-${randomHex(4)}`;
    const world = testWorld();
    const followed = runIn(world, 'tail', '--source', url(), '--count', '2', '--timeout', '20s');
    await until(() => world.written.err.includes('-- fresh'), { what: 'a tail that is fresh', timeoutMs: 20_000 });
    await publisher.revoke({ issuer, subject, reason: 'logout', actor: 'ops' }, { id: `a-${url().length}` });
    await publisher.lift({ issuer, subject });
    const { code, out } = await followed;
    expect(code).toBe(0);
    const [first = '', second = '', ...more] = out.trimEnd().split('\n');
    expect(more).toEqual([]);
    expect(first).toMatch(/^\S+Z revoke subject {8}reason=logout actor="ops" id=a-\d+ digest=[0-9a-f]{8} \d+ ms$/);
    expect(second).toMatch(/^\S+Z lift {3}subject /);
    expect(out).not.toContain('alice');
  });

  it('prints the events since a time, each once and in order, and then the new ones', async () => {
    const session = `s-${randomHex(4)}`;
    const from = new Date().toISOString();
    await publisher.revoke({ issuer, session, reason: 'policy', actor: 'past' });
    if (url() === sidecar.dataUrl) {
      await until(async () => (await (await fetch(`${url()}/console/revocations`)).text()).includes('"past"'), {
        what: 'the revocation in the sidecar',
      });
    }
    const world = testWorld();
    const count = ['--count', '2', '--timeout', '20s'];
    const followed = runIn(world, 'tail', '--source', url(), '--since', from, ...count);
    await until(() => world.written.out.includes('actor="past"'), { what: 'the past event', timeoutMs: 20_000 });
    await publisher.lift({ issuer, session, actor: 'present' });
    const { code, out } = await followed;
    expect(code).toBe(0);
    expect(out.match(/actor="\w+"/g)?.slice(-2)).toEqual(['actor="past"', 'actor="present"']);
  });

  it('prints no state before the first proof', async () => {
    const world = testWorld();
    const followed = runIn(world, 'tail', '--source', url(), '--timeout', '20s');
    await until(() => world.written.err.includes('--'), { what: 'a state', timeoutMs: 20_000 });
    world.interrupt();
    await followed;
    expect(world.written.err).toBe('-- fresh\n');
  });

  it('prints JSON lines with events and changes of freshness', async () => {
    const world = testWorld();
    const followed = runIn(world, 'tail', '--source', url(), '--count', '1', '--json', '--timeout', '20s');
    await until(() => world.written.out.includes('"fresh"'), { what: 'a tail that is fresh', timeoutMs: 20_000 });
    const { id } = await publisher.revoke({ issuer, session: randomHex(4), reason: 'logout' });
    const lines = (await followed).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual({ kind: 'freshness', state: 'fresh' });
    expect(lines.at(-1)).toMatchObject({
      kind: 'revoke',
      id,
      dimension: 'session',
      reason: 'logout',
      latencyMs: expect.any(Number),
    });
  });
});

describe('given a source that does not answer', () => {
  it('exits with 3', async () => {
    const world = testWorld();
    const { code, err } = await runIn(world, 'tail', '--source', 'redis://127.0.0.1:1', '--timeout', '200ms');
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('when it ends', () => {
  it('exits with 0 after the given time', async () => {
    expect((await runIn(testWorld(), 'tail', '--source', redis.url, '--for', '10ms')).code).toBe(0);
  });

  it('exits with 0 after a signal', async () => {
    const child = spawn(process.execPath, [program, 'tail', '--source', redis.url], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = once(child, 'exit');
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    await until(() => stderr.includes('-- fresh'), { what: 'a tail that is fresh', timeoutMs: 20_000 });
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  });
});
