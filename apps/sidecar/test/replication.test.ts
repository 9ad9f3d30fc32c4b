import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import {
  type DimensionValue,
  digestSetOf,
  openFeed,
  openReplica,
  type Replica,
  type ReplicationObserver,
  systemClock,
  systemRandom,
} from '@revocast/denylist/replica';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { runProgram, type SidecarProcess, startSidecarProcess } from './sidecar-process.ts';

// Real processes on a machine that may be busy, so the limit of each test is long.
jest.setTimeout(60_000);

const issuer = 'https://login.example/';
const token = 'a-token-of-twenty-one';
const cleanUps: (() => unknown)[] = [];
let redis: RedisServer;
let folder: string;
let tokenFile: string;

beforeAll(async () => {
  redis = await startRedis();
  folder = mkdtempSync(join(tmpdir(), 'revocast-replication-'));
  tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, token);
  // Without this the first sidecar is in recovery for 15 s.
  expect(await runProgram(['init', `--source=${redis.url}`])).toMatchObject({ code: 0 });
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true });
});

async function startReady(...args: string[]): Promise<SidecarProcess> {
  const sidecar = await startSidecarProcess(['--drain-ms=0', ...args]);
  cleanUps.push(() => sidecar.process.stop());
  await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, {
    what: 'a ready sidecar',
    timeoutMs: 10_000,
  });
  return sidecar;
}

async function publish(url: string, options: { tokenFile?: string } = {}): Promise<Publisher> {
  const publisher = await createPublisher(url, options);
  cleanUps.push(() => publisher.close());
  return publisher;
}

/** The denylist of an API process that follows the sidecar. */
async function follow(url: string, observer: ReplicationObserver = {}): Promise<Replica> {
  const feed = await openFeed(url, { clock: systemClock, random: systemRandom });
  const replica = openReplica({ feed, clock: systemClock, random: systemRandom, observer });
  cleanUps.push(() => replica.close());
  expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
  return replica;
}

const logout = (session: string) => ({ issuer, session, reason: 'logout' }) as const;
const session = (value: string): DimensionValue => ({ dimension: 'session', issuer, value });
const verdictOf = (replica: Replica, sid: string) =>
  replica.check(digestSetOf([session(sid)]), Math.floor(Date.now() / 1000)).verdict;
const denies = (replica: Replica, sid: string) =>
  until(() => verdictOf(replica, sid) === 'revoked', { what: `session ${sid} to be denied`, everyMs: 1 });

/** The position of the feed of a sidecar, as a number of its event stream. */
async function positionOf(url: string): Promise<string> {
  const feed = await openFeed(url, { clock: systemClock, random: systemRandom });
  const connection = await feed.connect(new AbortController().signal, { id: 'a-test', progress: () => [] });
  cleanUps.push(() => connection.close());
  return (await connection.position()).cursor;
}

describe('given a sidecar that follows Redis', () => {
  it('sends a revocation as an event of its stream', async () => {
    const sidecar = await startReady(`--source=${redis.url}`);
    const position = await positionOf(sidecar.dataUrl);
    const cut = new AbortController();
    const headers = { 'Last-Event-ID': position };
    const events = await fetch(`${sidecar.dataUrl}/v1/events`, { headers, signal: cut.signal });
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    await (await publish(redis.url)).revoke(logout('streamed'));
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of events.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('event: rule\n')) break;
    }
    expect(text).toContain(`id: ${position.split('.')[0]}.`);
    cut.abort();
  });

  it('makes a process deny revocations from before and after its connection', async () => {
    const publisher = await publish(redis.url);
    await publisher.revoke(logout('before'));
    const sidecar = await startReady(`--source=${redis.url}`);
    const replica = await follow(sidecar.dataUrl);
    expect(verdictOf(replica, 'before')).toBe('revoked');
    expect(verdictOf(replica, 'after')).toBe('active');
    await publisher.revoke(logout('after'));
    await denies(replica, 'after');
    expect(verdictOf(replica, 'other')).toBe('active');
  });

  it('returns after a kill, and its readers continue with a snapshot', async () => {
    const publisher = await publish(redis.url);
    const sidecar = await startReady(`--source=${redis.url}`);
    const gaps: string[] = [];
    const replica = await follow(sidecar.dataUrl, { gapFound: (cause) => gaps.push(cause) });
    await sidecar.process.kill('SIGKILL');
    await publisher.revoke(logout('meanwhile'));
    await denies(replica, 'meanwhile');
    expect(gaps).toEqual(['position_lost']);
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    expect(verdictOf(replica, 'other')).toBe('active');
  });

  it('answers 410 for a position of an earlier process', async () => {
    const sidecar = await startReady(`--source=${redis.url}`);
    const headers = { 'Last-Event-ID': '0123456789abcdef.1' };
    expect((await fetch(`${sidecar.dataUrl}/v1/events`, { headers })).status).toBe(410);
  });

  it('counts the applied revocations', async () => {
    const sidecar = await startReady(`--source=${redis.url}`);
    const replica = await follow(sidecar.dataUrl);
    await (await publish(redis.url)).revoke(logout('counted'));
    await denies(replica, 'counted');
    const text = await (await fetch(`${sidecar.adminUrl}/metrics`)).text();
    expect(text).toMatch(/^revocast_revocation_events_total\{dimension="session",result="applied"\} 1$/m);
    expect(text).toMatch(/^revocast_revocation_latency_seconds_count 1$/m);
    expect(text).toMatch(/^revocast_feed_state\{state="fresh"\} 1$/m);
    expect(text).toMatch(/^revocast_sidecar_clients 1$/m);
    expect(text).toMatch(/^revocast_sidecar_http_requests_total\{route="\/readyz",code="200"\} [1-9]/m);
  });
});

describe('given two sidecars on one Redis', () => {
  it('releases the heartbeat lease on stop, before the lease expires', async () => {
    const client = new Redis(redis.url);
    cleanUps.push(() => client.disconnect());
    // A sidecar killed by an earlier test may still hold the lease; the test needs that of its own sidecar.
    await client.del('{revocast}:lease');
    const sidecar = await startReady(`--source=${redis.url}`);
    expect(await client.exists('{revocast}:lease')).toBe(1);
    await sidecar.process.stop();
    expect(await client.exists('{revocast}:lease')).toBe(0);
  });

  it('keeps the other one ready when the writer of heartbeats stops', async () => {
    const first = await startReady(`--source=${redis.url}`);
    const second = await startReady(`--source=${redis.url}`);
    const states: unknown[] = [];
    const replica = await follow(second.dataUrl, { freshnessChanged: ({ state }) => states.push(state) });
    states.length = 0;
    expect(await first.process.stop()).toEqual({ code: 0, signal: null });
    const stoppedAtMs = systemClock.monotonicMs();
    // A proof from after the stop: the other sidecar writes heartbeats.
    await until(() => (replica.freshness.provenAtMs ?? 0) > stoppedAtMs, { what: 'a heartbeat of the second sidecar' });
    expect(states).toEqual([]);
  });
});

describe('given a chain of relays', () => {
  it('carries a revocation down, and one written at its end up and down again', async () => {
    const write = [`--write-token-file=${tokenFile}`];
    const node = await startReady(`--source=${redis.url}`, ...write);
    const relay = await startReady(`--source=${node.dataUrl}`, `--source-token-file=${tokenFile}`, ...write);
    const last = await startReady(`--source=${relay.dataUrl}`, `--source-token-file=${tokenFile}`, ...write);
    const [near, far] = [await follow(node.dataUrl), await follow(last.dataUrl)];

    await (await publish(redis.url)).revoke(logout('down'));
    await Promise.all([denies(near, 'down'), denies(far, 'down')]);

    const published = await (await publish(last.dataUrl, { tokenFile })).revoke(logout('up'));
    expect(published.epoch).toMatch(/^[0-9a-f]{16}$/);
    await Promise.all([denies(near, 'up'), denies(far, 'up')]);
  });

  it('rejects a writer without the token at the first sidecar', async () => {
    const sidecar = await startReady(`--source=${redis.url}`, `--write-token-file=${tokenFile}`);
    const revoked = (await publish(sidecar.dataUrl)).revoke(logout('never'));
    await expect(revoked).rejects.toMatchObject({ code: 'unavailable', applied: false });
  });

  it('becomes fresh again after the upstream relay was killed', async () => {
    const publisher = await publish(redis.url);
    const relay = await startReady(`--source=${redis.url}`);
    const last = await startReady(`--source=${relay.dataUrl}`);
    const far = await follow(last.dataUrl);
    await relay.process.kill('SIGKILL');
    await publisher.revoke(logout('while-the-relay-was-away'));
    await denies(far, 'while-the-relay-was-away');
    expect(await far.ready({ timeoutMs: 20_000 })).toBe(true);
  });
});

describe('given processes behind several sidecars', () => {
  it('report to the publisher when all have applied a revocation', async () => {
    const node = await startReady(`--source=${redis.url}`);
    const relay = await startReady(`--source=${node.dataUrl}`);
    const replicas = [await follow(node.dataUrl), await follow(node.dataUrl), await follow(relay.dataUrl)];
    const published = await (await publish(redis.url)).revoke(logout('everywhere'));
    const enforced = await published.enforcedEverywhere({ timeoutMs: 20_000 });
    expect(enforced).toMatchObject({ everywhere: true, enforced: 3, expected: 3, missing: [] });
    expect(replicas.map((replica) => verdictOf(replica, 'everywhere'))).toEqual(['revoked', 'revoked', 'revoked']);
  });

  it('do not count a sidecar that stopped in order', async () => {
    const staying = await startReady(`--source=${redis.url}`);
    const leaving = await startReady(`--source=${redis.url}`);
    await follow(staying.dataUrl);
    const gone = await follow(leaving.dataUrl);
    await Promise.all([gone.close(), leaving.process.stop()]);
    const published = await (await publish(redis.url)).revoke(logout('after-one-left'));
    const enforced = await published.enforcedEverywhere({ timeoutMs: 20_000 });
    expect(enforced).toMatchObject({ everywhere: true, enforced: 1, expected: 1 });
  });
});

describe('given an embedded log in one sidecar', () => {
  it('enforces a revocation that is written to its Unix socket', async () => {
    const socket = `unix:${join(folder, 'sidecar.sock')}`;
    await startReady('--source=memory:', `--write-token-file=${tokenFile}`, `--data-listen=${socket}`);
    const replica = await follow(socket);
    await (await publish(socket, { tokenFile })).revoke(logout('embedded'));
    await denies(replica, 'embedded');
  });
});
