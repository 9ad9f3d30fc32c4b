import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { type Follower, follow } from '../follower.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop();
});

/** A Redis that has renamed these commands, as managed services do, and a sidecar that follows it. */
async function start(hidden: readonly string[], replicas = 0): Promise<Follower> {
  return (await startBoth(hidden, replicas)).sidecar;
}

async function startBoth(hidden: readonly string[], replicas: number) {
  const redis = await startRedis({ config: { 'rename-command': hidden.map((command) => `${command} ""`) } });
  running.push(redis);
  const copies: RedisServer[] = [];
  for (let index = 0; index < replicas; index++) {
    const copy = await startRedis({ replicaOf: redis });
    running.push(copy);
    copies.push(copy);
  }
  const sidecar = await follow(redis.url);
  running.push({ stop: () => sidecar.close() });
  return { sidecar, redis };
}

const commands = ['CONFIG', 'INFO', 'WAIT', 'XREAD'];
const rows: readonly (readonly string[])[] = [...commands.map((command) => [command]), ['INFO', 'WAIT'], commands];

describe.each(rows.map((hidden) => [hidden.join(' '), hidden] as const))('a Redis without %s', (_name, hidden) => {
  const hidesCopies = hidden.includes('INFO');

  it('is followed: the sidecar becomes fresh, and applies a revocation', async () => {
    const sidecar = await start(hidden);
    await sidecar.source.declareWhole?.();
    expect(await sidecar.replica.ready({ timeoutMs: 20_000 })).toBe(true);
    await sidecar.revoke('s');
    await until(() => sidecar.verdict('s') === 'revoked', { what: 'the revocation' });
    expect(sidecar.replica.status()).toMatchObject({ freshness: { state: 'fresh' }, lastError: undefined });
  });

  it('takes revocations without waiting, and says how many copies are confirmed', async () => {
    const sidecar = await start(hidden);
    const published = sidecar.publisher.revoke({ issuer: 'https://i/', session: 's', reason: 'logout' });
    expect(await published).toMatchObject({ redisReplicas: hidesCopies ? null : 0 });
  });

  it('is reported with nothing unsafe, and one warning for each limitation', async () => {
    const sidecar = await start(hidden);
    const health = await sidecar.source.health?.();
    const found = health?.misconfigurations.filter(({ name }) => name !== 'append_only_off') ?? [];
    const expected = [
      ...(hidden.includes('XREAD') ? [['tail_polled', 'degraded', 'XREAD is refused']] : []),
      ...(hidden.includes('INFO') || hidden.includes('WAIT')
        ? [['copies_unknown', 'warning', `${hidesCopies ? 'INFO' : 'WAIT'} is refused`]]
        : []),
    ];
    expect(found.map(({ name, severity, found: what }) => [name, severity, what])).toEqual(expected);
  });

  it('refuses an explicit number of copies that it cannot confirm, and keeps the revocation', async () => {
    const sidecar = await start(hidden, 1);
    const revoked = sidecar.publisher.revoke(
      { issuer: 'https://i/', session: 's', reason: 'logout' },
      { redisReplicas: 1 },
    );
    if (hidden.includes('WAIT')) {
      await expect(revoked).rejects.toMatchObject({ code: 'not_durable', applied: true });
    } else {
      expect(await revoked).toMatchObject({ redisReplicas: 1 });
    }
  });
});

describe('a Redis with one copy that hides INFO', () => {
  it('is sent no command that waits for copies', async () => {
    const { sidecar, redis } = await startBoth(['INFO'], 1);
    await sidecar.revoke('the script is loaded now');
    // Not by the client: lines of the monitor that arrive with its first reply end the connection there.
    const monitor = connect(redis.port, redis.host);
    running.push({ stop: async () => void monitor.destroy() });
    let seen = '';
    monitor.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
    });
    monitor.write('MONITOR\r\n');
    await until(() => seen.startsWith('+OK'), { what: 'the monitor' });
    await sidecar.revoke('s', 'counted');
    await until(() => seen.includes('counted'), { what: 'the revocation to be seen' });
    await sidecar.revoke('t', 'later');
    await until(() => seen.includes('later'), { what: 'the later revocation to be seen' });
    expect(seen.toUpperCase()).not.toContain('"WAIT"');
  });
});

describe('a Redis with one copy that refuses WAIT', () => {
  it('confirms an unknown number of copies', async () => {
    const sidecar = await start(['WAIT'], 1);
    const copies = async () =>
      (await sidecar.publisher.revoke({ issuer: 'https://i/', session: 's', reason: 'logout' })).redisReplicas;
    await until(async () => (await copies()) === null, { what: 'the copy to be counted, and not confirmed' });
  });
});

describe('a Redis without scripts', () => {
  it('is unsafe: rights are missing', async () => {
    const sidecar = await start(['EVAL', 'EVALSHA']);
    const health = await sidecar.source.health?.();
    expect(health?.misconfigurations).toContainEqual(
      expect.objectContaining({ name: 'rights_missing', severity: 'unsafe', found: 'may not EVAL' }),
    );
  });
});
