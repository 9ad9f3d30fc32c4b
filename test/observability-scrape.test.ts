import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { metricPrefix } from '@revocast/denylist/replica';
import { createLifecycle, type Lifecycle, memoryStore } from '@revocast/issuer';
import { reasons } from '@revocast/middleware';
import type { Receiver } from '@revocast/receiver';
import { until } from '@revocast/test-support';
import { Registry } from 'prom-client';
import { specs } from './observability-files.ts';
import { startObservedReceiver } from './observed-receiver.ts';
import { type ObservedApi, type ObservedWorld, startObservedWorld } from './observed-world.ts';

jest.setTimeout(60_000);

let world: ObservedWorld;
let api: ObservedApi;
let lifecycle: Lifecycle;
let receiver: Receiver;
const issuerRegistry = new Registry();

beforeAll(async () => {
  world = await startObservedWorld();
  api = await world.startApi();
  const { issuer } = world.issuer;
  const metrics = { registry: issuerRegistry };
  lifecycle = await createLifecycle({ issuer, log: world.publisher, store: memoryStore(), metrics });
  receiver = await startObservedReceiver(world);
  expect(await api.verifier.ready({ timeoutMs: 10_000 })).toBe(true);
});
afterAll(async () => {
  await receiver.stop();
  await lifecycle.close();
  await world.stop();
});

async function scrape(url: string): Promise<string[]> {
  return linesOf(await (await fetch(`${url}/metrics`)).text());
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(metricPrefix));
}

const nameOf = (line: string): string => line.slice(metricPrefix.length).split(/[{ ]/, 1)[0] ?? '';

describe('after a run', () => {
  beforeAll(async () => {
    const token = await world.issuer.sign({ sid: 's', scope: 'orders:read' });
    expect(await api.ask(`Bearer ${token}`, '/orders')).toBe(200);
    await world.publisher.revoke({ issuer: world.issuer.issuer, session: 's', reason: 'logout' });
    await until(async () => (await api.ask(`Bearer ${token}`)) === 401, { what: 'the revocation' });
    // Figures about Redis are read now and then, and usage is reported as often.
    const hasFigures = async () => {
      const names = (await scrape(world.sidecar.adminUrl)).map(nameOf);
      return names.includes('redis_log_entries') && names.includes('tokens_seen');
    };
    await until(hasFigures, { what: 'figures of Redis and of usage', timeoutMs: 30_000 });
  });

  it.each(specs.map(({ name, components }) => [name, components] as const))(
    'a scrape shows %s, wherever the table says',
    async (name, components) => {
      const scrapes = {
        middleware: () => scrape(api.url),
        sidecar: () => scrape(world.sidecar.adminUrl),
        issuer: async () => linesOf(await issuerRegistry.metrics()),
        receiver: () => scrape(receiver.adminUrl),
      };
      for (const component of components) {
        const names = (await scrapes[component]()).map(nameOf);
        const found = names.some((shown) => shown === name || shown === `${name}_count`);
        expect({ component, found }).toEqual({ component, found: true });
      }
    },
  );

  it('a scrape shows nothing that is not in the table', async () => {
    const known = specs.flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    const ofIssuer = linesOf(await issuerRegistry.metrics());
    const ofReceiver = await scrape(receiver.adminUrl);
    const shown = [
      ...(await scrape(api.url)),
      ...(await scrape(world.sidecar.adminUrl)),
      ...ofIssuer,
      ...ofReceiver,
    ].map(nameOf);
    expect([...new Set(shown)].filter((name) => !known.includes(name))).toEqual([]);
  });

  it('a scrape of the sidecar shows who was active, and of which class the tokens were', async () => {
    const lines = (await scrape(world.sidecar.adminUrl)).filter((line) => /active_subjects|tokens_seen/.test(line));
    expect(lines.sort()).toEqual([
      'revocast_active_subjects{period="day"} 1',
      'revocast_active_subjects{period="month"} 1',
      'revocast_tokens_seen{client_class="browser",period="day"} 0',
      'revocast_tokens_seen{client_class="other",period="day"} 1',
      'revocast_tokens_seen{client_class="unknown",period="day"} 0',
    ]);
    // It was also shown to a route without a guard, until the revocation arrived.
    const scope = (await scrape(api.url)).filter((line) => line.includes('scope="orders:read"'));
    expect(scope).toEqual([
      expect.stringMatching(/use="granted"\} [1-9]/),
      'revocast_usage_scope_requests_total{scope="orders:read",use="used"} 1',
    ]);
  });

  it('every reason of every issuer has a series', async () => {
    const lines = await scrape(api.url);
    for (const issuer of ['idp', 'unknown']) {
      for (const reason of reasons) {
        const series = lines.filter((line) => line.includes(`reason="${reason}",issuer="${issuer}"`));
        expect([reason, series.length]).toEqual([reason, 1]);
      }
    }
  });
});

describe('a follower that is held back', () => {
  const lag = async (): Promise<string | undefined> =>
    (await scrape(world.sidecar.adminUrl)).find((line) => nameOf(line) === 'sidecar_client_lag_rules');

  it('shows in the scrape of the sidecar by the changes it lacks, though another one follows', async () => {
    const other = await world.startApi({ feed: world.sidecar.dataUrl });
    expect(await other.verifier.ready({ timeoutMs: 10_000 })).toBe(true);
    await until(async () => (await lag())?.endsWith(' 0'), { what: 'two followers that are up to date' });
    const token = await world.issuer.sign({ sid: 'held-2' });
    expect(await other.ask(`Bearer ${token}`)).toBe(200);
    world.link.stall();
    for (const session of ['held-0', 'held-1', 'held-2']) {
      await world.publisher.revoke({ issuer: world.issuer.issuer, session, reason: 'logout' });
    }
    await until(async () => (await other.ask(`Bearer ${token}`)) === 401, { what: 'the revocation' });
    // The other one's report follows.
    await until(async () => (await lag())?.endsWith(' 3'), { what: 'three changes that one lacks' });
    world.link.flow();
    await until(async () => (await lag())?.endsWith(' 0'), { what: 'both up to date again' });
  });
});

describe('under a flood of random kids, clients, subjects and paths', () => {
  const flood = async (round: string): Promise<void> => {
    for (let index = 0; index < 60; index += 1) {
      const name = `${round}-${index}`;
      const key = { ...world.issuer.currentKey, kid: `kid-${name}` };
      const unknownKid = await world.issuer.sign({ sub: name, client_id: name, jti: name }, { key });
      const accepted = await world.issuer.sign({ sub: name, client_id: name, jti: name, scope: name });
      const foreign = await world.issuer.sign({ iss: `https://${name}.test/` });
      await Promise.all([
        api.ask(`Bearer ${unknownKid}`),
        api.ask(`Bearer ${accepted}`, `/orders?${name}`),
        api.ask(`Bearer ${foreign}`, `/${name}`),
        api.ask(name),
        fetch(`${world.sidecar.adminUrl}/${name}`),
        world.publisher.revoke({ issuer: world.issuer.issuer, subject: name, reason: 'policy', actor: name }),
      ]);
    }
  };
  const seriesOf = async (): Promise<string[]> => {
    const lines = [...(await scrape(api.url)), ...(await scrape(world.sidecar.adminUrl))];
    return lines.map((line) => line.replace(/ \S+$/, '')).sort();
  };

  it('the series stay the same, and none of those names is in them', async () => {
    await flood('warm');
    const before = await seriesOf();
    await flood('flood');
    // Anybody on this host may report: a class that is not configured makes no series either.
    const report = { v: 1, subjects: [], tokens: { flood: ['a'.repeat(22)] } };
    const { status } = await fetch(`${world.sidecar.dataUrl}/v1/usage`, {
      method: 'POST',
      body: JSON.stringify(report),
    });
    expect(status).toBe(204);
    const counted = async () =>
      (await scrape(world.sidecar.adminUrl)).some((line) => /tokens_seen.*"other".* 1\d\d$/.test(line));
    await until(counted, { what: 'the flood to be counted', timeoutMs: 30_000 });
    const after = await seriesOf();
    expect(after).toEqual(before);
    expect(after.filter((line) => line.includes('flood') || line.includes('warm'))).toEqual([]);
    expect(after.length).toBeLessThan(1500);
  });
});
