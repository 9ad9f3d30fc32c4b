import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { metricPrefix } from '@revocast/denylist/replica';
import { until } from '@revocast/test-support';
import { type Prometheus, startPrometheus } from '@revocast/test-support/prometheus';
import { type Supervised, supervise } from '@revocast/test-support/supervisor';
import { filesIn, readText, root, specs } from '../observability-files.ts';

jest.setTimeout(120_000);

const namespace = 'demo';
const lines: string[] = [];
let demo: Supervised;
let prometheus: Prometheus;
let issuerUrl: string;

/** What the demo printed after a word, as `host:port`. */
const hostsAfter = (words: RegExp): string[] =>
  lines.flatMap((line) => [...line.matchAll(words)].map(([, url = '']) => new URL(url).host));

beforeAll(async () => {
  demo = await supervise({
    name: 'demo',
    script: join(root, 'apps/demo/dist/main.js'),
    // One login, one refresh, one refresh token that is replayed, and one that died with its grant.
    args: ['--serve', '--only', 'd'],
    ready: (line) => line === 'Running until Ctrl-C.',
    readyTimeoutMs: 60_000,
    stdio: (line) => lines.push(line),
  });
  const [issuer = ''] = hostsAfter(/^issuer +(http:\S+)/g);
  issuerUrl = `http://${issuer}`;
  const labels = { namespace };
  prometheus = await startPrometheus({
    jobs: {
      api: { targets: hostsAfter(/^api-\d+ +(http:\S+)/g), labels },
      sidecar: { targets: hostsAfter(/its sidecar: (http:\S+)/g), labels },
      issuer: { targets: hostsAfter(/its metrics: (http:\S+)/g), labels },
    },
    ruleFiles: ['recording.yml', 'rules.yml'].map((name) => join(root, 'ops/prometheus', name)),
  });
  await prometheus.scraped();
  await prometheus.scraped();
});

afterAll(async () => {
  await prometheus?.stop();
  await demo?.stop();
});

const exists = async (expression: string): Promise<boolean> => (await prometheus.query(expression)).length > 0;

async function valuesBy(label: string, expression: string): Promise<Record<string, number>> {
  const samples = await prometheus.query(`sum by (${label}) (${expression}) > 0`);
  return Object.fromEntries(samples.map(({ labels, value }) => [labels[label] ?? '', value]));
}

const scrapedAs = {
  middleware: { job: 'api', targets: 3 },
  sidecar: { job: 'sidecar', targets: 3 },
  issuer: { job: 'issuer', targets: 1 },
} as const;

/** What dashboard and rules read of the life of a token. */
const readByOps = [...filesIn('ops/grafana'), 'ops/prometheus/recording.yml', 'ops/prometheus/rules.yml'].flatMap(
  (path) =>
    readText(path)
      .replaceAll('(_seconds)?', '')
      .match(/\boauth2[_:][a-z][\w:]*/g) ?? [],
);

describe('a real Prometheus that scraped the demo', () => {
  it('found three APIs, three sidecars and the issuer', async () => {
    expect(await prometheus.query('count by (job) (up == 1)')).toEqual(
      expect.arrayContaining([
        { labels: { job: 'api' }, value: 3 },
        { labels: { job: 'sidecar' }, value: 3 },
        { labels: { job: 'issuer' }, value: 1 },
      ]),
    );
  });

  it.each([...new Set(readByOps)])('has %s, which dashboard or rules read', async (name) => {
    // What is recorded appears with the next evaluation.
    await until(() => exists(name), { what: name, timeoutMs: 10_000, everyMs: 500 });
  });

  it.each(
    specs.flatMap(({ name, type, components }) =>
      components
        // The demo has an authorization server of its own, and so no receiver.
        .filter((component) => component !== 'receiver')
        .map((component) => [type === 'histogram' ? `${name}_count` : name, component] as const),
    ),
  )('has %s of each %s', async (name, component) => {
    const { job, targets } = scrapedAs[component];
    const processes = `count(count by (instance) (${metricPrefix}${name}{job="${job}"}))`;
    // Figures about Redis are read now and then, by each sidecar.
    const isComplete = async () => (await prometheus.query(processes))[0]?.value === targets;
    await until(isComplete, { what: `${name} of each ${job}`, timeoutMs: 30_000, everyMs: 500 });
  });

  it('counts what was issued and refused as the scene has it', async () => {
    // The scene’s login, and the three whose tokens are kept for curl.
    const issued = (grantType: string) =>
      valuesBy('result', `oauth2_token_issued_total{client_class="spa",grant_type="${grantType}"}`);
    expect(await issued('authorization_code')).toEqual({ success: 4 });
    expect(await issued('refresh_token')).toEqual({ success: 1, invalid_grant: 2 });
    expect(await valuesBy('result', 'oauth2_token_refreshed_total')).toEqual({ success: 1, invalid_grant: 2 });
    expect(await valuesBy('client_class', 'oauth2_refresh_token_reuse_total')).toEqual({ spa: 1 });
    expect(await valuesBy('reason', 'oauth2_token_revoked_total')).toEqual({ refresh_reuse: 1 });
    expect(await valuesBy('namespace', 'oauth2_token_age_at_refresh_count')).toEqual({ [namespace]: 1 });
    // Three are left: those of the scene died with their grant.
    expect(await valuesBy('namespace', 'oauth2_token_active')).toEqual({ [namespace]: 3 });
  });

  it('pages for the refresh token that was replayed, and for nothing else about issuance', async () => {
    const firing = async () =>
      (await prometheus.alerts()).filter(({ state }) => state === 'firing').map(({ name, labels }) => [name, labels]);
    const issuance = /^(RefreshTokenReuse|Issuance\w+|ClientCredentialsSpike|RefreshAgeAnomaly)$/;
    await until(async () => (await firing()).length > 0, { what: 'RefreshTokenReuse', timeoutMs: 10_000 });
    expect((await firing()).filter(([name]) => issuance.test(String(name)))).toEqual([
      ['RefreshTokenReuse', expect.objectContaining({ namespace, severity: 'critical' })],
    ]);
  });

  it('sees no more series of the issuer, whatever strangers ask it', async () => {
    const ask = async (name: string): Promise<void> => {
      const body = new URLSearchParams({ client_id: name, grant_type: name, refresh_token: name, username: name });
      await (await fetch(`${issuerUrl}/token`, { method: 'POST', body })).arrayBuffer();
      const authorization = `Basic ${Buffer.from(`${name}:${name}`).toString('base64')}`;
      await (await fetch(`${issuerUrl}/token`, { method: 'POST', headers: { authorization }, body })).arrayBuffer();
      await (await fetch(`${issuerUrl}/${name}`)).arrayBuffer();
    };
    const seriesCount = async () => {
      await prometheus.scraped();
      return (await prometheus.query('count({job="issuer",__name__=~"oauth2_.*"})'))[0]?.value;
    };
    await ask('warm');
    const before = await seriesCount();
    expect(before).toBeGreaterThan(0);
    for (let n = 0; n < 100; n += 1) await ask(`flood-${n}`);
    expect(await seriesCount()).toBe(before);
    const named = await prometheus.query('{job="issuer",__name__=~"oauth2_.*"}');
    expect(named.filter(({ labels }) => /flood|warm/.test(JSON.stringify(labels)))).toEqual([]);
    const failed = await valuesBy('client_class', 'oauth2_token_issued_total{result!="success",grant_type="other"}');
    expect(Object.values(failed).reduce((sum, value) => sum + value, 0)).toBe(202);
  });
});
