import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '@revocast/test-support';
import { type Prometheus, type PrometheusAlert, startPrometheus } from '@revocast/test-support/prometheus';
import { Redis } from 'ioredis';
import { readText, root, runbookOf } from '../observability-files.ts';
import { type ObservedApi, type ObservedWorld, startObservedWorld } from '../observed-world.ts';

jest.setTimeout(240_000);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One set-up is broken in every way at once; the other goes on as it should. */
let broken: ObservedWorld;
let sound: ObservedWorld;
/** Of the broken set-up, answering 503 while it cannot tell. */
let strict: ObservedApi;
let prometheus: Prometheus;
const load = new AbortController();

const expected = [
  'DenylistStale',
  'FailOpenAccepts',
  'RedisEvictionPolicyUnsafe',
  'SidecarNotReady',
  'UnknownKidSpike',
] as const;

async function firing(): Promise<PrometheusAlert[]> {
  return (await prometheus.alerts()).filter(({ state }) => state === 'firing');
}

/** Ten requests a second: a good token, and one that names a key which nobody has. */
async function keepAsking(world: ObservedWorld, api: ObservedApi, { unknownKids = false } = {}): Promise<void> {
  const good = await world.issuer.sign();
  for (let n = 0; !load.signal.aborted; n += 1) {
    const key = { ...world.issuer.currentKey, kid: `nobody-has-${n}` };
    await api.ask(`Bearer ${good}`);
    if (unknownKids) await api.ask(`Bearer ${await world.issuer.sign({}, { key })}`);
    await pause(200);
  }
}

const asking: Promise<void>[] = [];

beforeAll(async () => {
  broken = await startObservedWorld();
  sound = await startObservedWorld();
  const soundApi = await sound.startApi();
  strict = await broken.startApi();
  const lax = await broken.startApi({ feed: broken.sidecar.dataUrl, whenUnknown: 'accept' });
  for (const { verifier } of [soundApi, strict, lax]) expect(await verifier.ready({ timeoutMs: 15_000 })).toBe(true);
  const hostOf = (url: string) => new URL(url).host;
  prometheus = await startPrometheus({
    intervalMs: 1000,
    jobs: {
      'sound-api': { targets: [hostOf(soundApi.url)], labels: { namespace: 'sound' } },
      'sound-sidecar': { targets: [hostOf(sound.sidecar.adminUrl)], labels: { namespace: 'sound' } },
      'broken-api': { targets: [hostOf(strict.url), hostOf(lax.url)], labels: { namespace: 'broken' } },
      'broken-sidecar': { targets: [hostOf(broken.sidecar.adminUrl)], labels: { namespace: 'broken' } },
    },
    ruleFiles: ['recording.yml', 'rules.yml'].map((name) => join(root, 'ops/prometheus', name)),
  });
  asking.push(keepAsking(sound, soundApi), keepAsking(broken, lax), keepAsking(broken, strict));
  await prometheus.scraped();
});

afterAll(async () => {
  load.abort();
  await Promise.all(asking);
  await prometheus?.stop();
  await broken?.stop();
  await sound?.stop();
});

describe('on a real Prometheus', () => {
  it('no alert fires, and none is about to, while everything is as it should be', async () => {
    await pause(15_000);
    await prometheus.scraped();
    expect(await prometheus.alerts()).toEqual([]);
  });

  it('each fires against a set-up that is broken, and names its runbook', async () => {
    // The policy is changed under a running log, and is seen before Redis goes away.
    const admin = new Redis(broken.redis.url);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    admin.disconnect();
    asking.push(keepAsking(broken, strict, { unknownKids: true }));
    const fired = new Map<string, PrometheusAlert>();
    const remember = async (): Promise<boolean> => {
      for (const alert of await firing()) fired.set(alert.name, alert);
      return expected.every((name) => fired.has(name));
    };
    const hasPolicyAlert = async () => (await remember()) || fired.has('RedisEvictionPolicyUnsafe');
    await until(hasPolicyAlert, { what: 'RedisEvictionPolicyUnsafe', timeoutMs: 90_000, everyMs: 500 });
    broken.redis.pause();
    try {
      await until(remember, { what: 'all the alerts', timeoutMs: 150_000, everyMs: 500 }).catch((error: unknown) => {
        throw new Error(`only ${[...fired.keys()].join(', ')} fired`, { cause: error });
      });
    } finally {
      broken.redis.resume();
    }
    for (const [name, { labels, annotations }] of fired) {
      expect([name, labels['namespace']]).toEqual([name, 'broken']);
      expect(annotations['runbook_url']).toBe(runbookOf(name));
      expect(readText(runbookOf(name))).toContain(`# ${name}`);
      expect(Object.values(annotations).join()).not.toMatch(/<error|<no value>/);
    }
  });
});
