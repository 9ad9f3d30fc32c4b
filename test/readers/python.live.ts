import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { openSource } from '@revocast/denylist/replica';
import { freePort, type RedisServer, type Supervised, startRedis, supervise } from '@revocast/test-support';
import { type DamagingLink, startDamagingLink } from './damaging-link.ts';
import { PythonReader, type Question } from './python-process.ts';

jest.setTimeout(60_000);

const issuer = 'https://issuer.example';
const program = fileURLToPath(new URL('../../apps/sidecar/dist/main.cjs', import.meta.url));
const startedAt = performance.now();
let redis: RedisServer;
let heartbeats: Supervised;
let sidecar: Supervised;
let publisher: Publisher;
let link: DamagingLink;
let reader: PythonReader;
let remote: PythonReader | undefined;

/** Progress: what is waited for now. */
function say(line: string): void {
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${line}\n`);
}

const early = 'blocked before the reader started';
const questionOf = (session: string): Question => ['session', issuer, session, 2 ** 32];
const block = (session: string) => publisher.revoke({ issuer, session, reason: 'admin', block: true });

/** Blocks a session, and waits until every reader of the log reports that it holds the block. */
async function blockEverywhere(session: string) {
  const published = await block(session);
  return await published.enforcedEverywhere({ timeoutMs: 10_000 });
}

async function startSidecar(port: number): Promise<Supervised> {
  const admin = await freePort();
  const listeners = [`--data-listen=127.0.0.1:${port}`, `--admin-listen=127.0.0.1:${admin}`];
  return await supervise({
    name: `sidecar on ${port}`,
    script: program,
    args: [`--source=${redis.url}`, ...listeners, '--drain-ms=0'],
    ready: { url: `http://127.0.0.1:${admin}/readyz` },
    restart: true,
  });
}

beforeAll(async () => {
  say('starting Redis and two sidecars');
  redis = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } });
  const source = await openSource(redis.url);
  await source.declareWhole?.();
  await source.close();
  // It writes the heartbeats: they go on when the other one is stopped.
  heartbeats = await startSidecar(await freePort());
  const port = await freePort();
  sidecar = await startSidecar(port);
  publisher = await createPublisher(redis.url);
  link = await startDamagingLink(port);
  await block(early);
  say('starting the reader');
  reader = new PythonReader(link.url);
  await reader.event('fresh');
});

afterAll(async () => {
  reader?.kill();
  remote?.kill();
  await link?.close();
  await publisher?.close();
  await sidecar?.stop();
  await heartbeats?.stop();
  await redis?.stop();
});

describe('the reader in Python', () => {
  it('holds what was revoked before it started, and answers for what it does not hold', async () => {
    expect({
      held: await reader.ask(questionOf(early)),
      notHeld: await reader.ask(questionOf('nobody')),
    }).toEqual({ held: 'revoked', notHeld: 'not revoked' });
  });

  it('applies a block, a lift and a block after the lift, and is counted with each', async () => {
    const question = questionOf('a session');
    say('revoking, lifting and revoking again');
    expect(await blockEverywhere('a session')).toMatchObject({ everywhere: true, expected: 1, enforced: 1 });
    expect(await reader.ask(question)).toBe('revoked');
    const lifted = await publisher.lift({ issuer, session: 'a session' });
    expect(await lifted.enforcedEverywhere()).toMatchObject({ everywhere: true });
    expect(await reader.ask(question)).toBe('not revoked');
    // Stamps are seconds: a block within the second of the lift has the next stamp.
    expect(await blockEverywhere('a session')).toMatchObject({ everywhere: true });
    expect(await reader.ask(question)).toBe('revoked');
  });

  it('denies by a cutoff the tokens that were issued before it, and no later ones', async () => {
    const issuedUpTo = Math.floor(Date.now() / 1000);
    const published = await publisher.revoke({
      issuer,
      subject: 'Zoë "z"',
      client: 'app',
      reason: 'logout',
      issuedUpTo,
    });
    expect(await published.enforcedEverywhere()).toMatchObject({ everywhere: true });
    const ask = (iat: number) => reader.ask(['subject_client', issuer, ['Zoë "z"', 'app'], iat]);
    expect({ at: await ask(issuedUpTo), after: await ask(issuedUpTo + 1) }).toEqual({
      at: 'revoked',
      after: 'not revoked',
    });
  });

  it('takes a new snapshot when a frame is damaged, and is fresh again after it', async () => {
    say('damaging a frame');
    link.damageNext();
    expect(await reader.event('gap')).toMatchObject({ cause: 'expected a frame of version 1 with its checksum' });
    await reader.event('snapshot');
    await reader.event('fresh');
    expect(await reader.ask(questionOf(early))).toBe('revoked');
  });

  it('resumes without a snapshot, under its identity, when only the connection was lost', async () => {
    const identityOf = () => reader.lines.findLast(({ event }) => event === 'joined')?.['identity'];
    const [before, from] = [identityOf(), reader.lines.length];
    say('breaking the connection');
    link.breakAll();
    await reader.event('joined');
    expect(await blockEverywhere('after the break')).toMatchObject({ everywhere: true, expected: 1 });
    expect(await reader.ask(questionOf('after the break'))).toBe('revoked');
    expect(identityOf()).toBe(before);
    expect(reader.lines.slice(from).map(({ event }) => event)).not.toContain('snapshot');
  });

  it('takes a snapshot of a sidecar that was restarted, and is counted again', async () => {
    say('restarting the sidecar');
    await sidecar.kill('SIGKILL');
    await reader.event('disconnected');
    expect(await reader.ask(questionOf(early))).toBe('revoked');
    await sidecar.whenReady();
    await reader.event('snapshot');
    say('waiting until the reader before the restart cannot be fresh any more');
    expect(await blockEverywhere('after the restart')).toMatchObject({ everywhere: true, expected: 1 });
    expect(await reader.ask(questionOf('after the restart'))).toBe('revoked');
  });

  it('answers unknown, and still revoked, when it has had no proof for longer than maxStalenessMs', async () => {
    say('stopping the sidecar for longer than maxStalenessMs');
    await sidecar.kill('SIGSTOP');
    let notHeld: unknown = 'not revoked';
    while (notHeld === 'not revoked') notHeld = await reader.ask(questionOf('nobody'));
    expect({ notHeld, held: await reader.ask(questionOf(early)) }).toEqual({
      notHeld: 'unknown',
      held: 'revoked',
    });
    await sidecar.kill('SIGCONT');
    await reader.event('fresh');
    expect(await reader.ask(questionOf('nobody'))).toBe('not revoked');
  });

  it('proves its freshness by questions where the sidecar is on another host', async () => {
    say('starting a second reader');
    remote = new PythonReader(link.url, { sameBoot: false });
    expect(await remote.event('joined')).toMatchObject({ sameBoot: false });
    await remote.event('fresh');
    expect(await remote.ask(questionOf('nobody'))).toBe('not revoked');
    expect(await blockEverywhere('for two')).toMatchObject({ everywhere: true, expected: 2 });
    expect(await remote.ask(questionOf('for two'))).toBe('revoked');
    expect(await remote.end()).toBe(0);
    const published = await block('for one');
    // One that has not left would be waited for until it cannot be fresh: 7.5 s.
    expect(await published.enforcedEverywhere({ timeoutMs: 3000 })).toMatchObject({ everywhere: true, expected: 1 });
  });
});
