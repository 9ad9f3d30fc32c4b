import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@revocast/denylist/replica';
import { openLog, registerMetrics } from '@revocast/sidecar/service';
import { until } from '@revocast/test-support';
import { Registry } from 'prom-client';
import type { Source } from '../src/config/source-list.ts';
import type { Receiver, SourceInput } from '../src/index.ts';
import { countSignals } from '../src/telemetry/count-signals.ts';
import { receiverMetrics } from '../src/telemetry/receiver-metrics.ts';
import { folder, metricsOf, recordedLog, secretIn, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(): Promise<Receiver> {
  const log = await recordedLog();
  cleanUps.push(() => log.close());
  const issuer = 'http://127.0.0.1:1';
  const accessTokenFile = secretIn(folder(cleanUps), 'token', 'a-token');
  const sources = [
    { name: 'sso', kind: 'backchannel-logout', issuer, audience: ['shop'] },
    { name: 'poll', kind: 'ssf', delivery: 'poll', issuer, manage: true, accessTokenFile },
    { name: 'push', kind: 'ssf', delivery: 'push', issuer, audience: ['a'] },
  ] as SourceInput[];
  const receiver = await startReceiver({ sources, spool: folder(cleanUps) }, log);
  cleanUps.push(() => receiver.stop());
  return receiver;
}

describe('before the first message', () => {
  it('shows every series, so that the first event of each counts', async () => {
    const text = await metricsOf(await start());
    const missing = receiverMetrics.filter(
      ({ name, type }) => !new RegExp(`^revocast_${name}${type === 'histogram' ? '_count' : ''}[ {]`, 'm').test(text),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
    for (const series of [
      'signals_lost_total{source="sso"} 0',
      'signals_unverified_total{source="sso",why="too_slow"} 0',
      'signals_total{source="sso",type="logout",result="unavailable"} 0',
      'signals_total{source="push",type="session-revoked",result="unresolved"} 0',
      'stream_state{source="poll",state="unknown"} 1',
    ]) {
      expect(text).toContain(`revocast_${series}`);
    }
  });

  it.each([
    ['ssf', ['session-revoked', 'tokens-revoked', 'sessions-revoked', 'account-purged', 'credential-compromise']],
    [
      'okta-event-hook',
      ['session-revoked', 'credential-change', 'account-disabled', 'account-enabled', 'account-purged'],
    ],
    ['auth0-log-stream', ['logout', 'credential-change', 'account-disabled', 'account-enabled', 'account-purged']],
    ['signed-json', ['session-revoked', 'tokens-revoked', 'account-disabled', 'account-enabled']],
    ['backchannel-logout', ['logout']],
    ['global-token-revocation', ['global-token-revocation']],
  ] as const)('shows each type of event of %s with each result that an alert watches', (kind, types) => {
    const registry = new Registry();
    const metrics = registerMetrics(receiverMetrics, registry);
    const sources = [{ name: 'a', kind }] as unknown as readonly Source[];
    countSignals({ metrics, sources, clock: systemClock, log: openLog({ level: 'silent' }), onVerified: () => {} });
    return registry.metrics().then((text) => {
      const series = types.flatMap((type) =>
        ['logged', 'unresolved', 'unmapped_issuer', 'malformed', 'not_allowed'].map(
          (result) => `revocast_signals_total{source="a",type="${type}",result="${result}"} 0`,
        ),
      );
      expect(series.filter((line) => !text.includes(line))).toEqual([]);
    });
  });

  it('shows nothing of a stream that nothing manages: its silence means nothing', async () => {
    const text = await metricsOf(await start());
    expect(text).not.toContain('stream_verified_timestamp_seconds{source="push"}');
    expect(text).not.toContain('stream_state{source="push"');
  });
});

describe('given a Redis that does not answer', () => {
  it('shows it before the first message, and is ready to take messages', async () => {
    const source = {
      name: 'sso',
      kind: 'backchannel-logout',
      issuer: 'http://127.0.0.1:1',
      audience: ['shop'],
    } as const;
    const receiver = await startReceiver({ log: 'redis://127.0.0.1:1', sources: [source] });
    cleanUps.push(() => receiver.stop());
    const series = 'revocast_receiver_log_reachable 0';
    await until(async () => (await metricsOf(receiver)).includes(series), { what: series });
    expect((await fetch(`${receiver.adminUrl}/readyz`)).status).toBe(200);
  });
});

describe('given strangers', () => {
  it('has no series and no label that they have chosen', async () => {
    const receiver = await start();
    const seriesOf = async () => (await metricsOf(receiver)).replace(/ \S+$/gm, '');
    const before = await seriesOf();
    for (let round = 0; round < 20; round += 1) {
      const body = new URLSearchParams({ logout_token: `a.b.c${round}` });
      await fetch(`${receiver.dataUrl}/sso`, { method: 'POST', body });
      await fetch(`${receiver.dataUrl}/nobody-${round}`, { method: 'POST', body });
      await fetch(`${receiver.dataUrl}/push`, { method: 'POST', body: `${round}` });
    }
    expect(await seriesOf()).toBe(before);
    expect(before).not.toContain('nobody');
  });
});

describe('the probes', () => {
  it('answer, and the version is that of the package', async () => {
    const { adminUrl } = await start();
    for (const probe of ['livez', 'readyz', 'startupz']) expect((await fetch(`${adminUrl}/${probe}`)).status).toBe(200);
    expect(await (await fetch(`${adminUrl}/version`)).json()).toMatchObject({ version: expect.stringMatching(/^\d/) });
    expect((await fetch(`${adminUrl}/sso`)).status).toBe(404);
  });
});
