import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import type { Receiver, SourceInput } from '../src/index.ts';
import {
  accountChange,
  sessionRevoked,
  startTransmitter,
  type Transmitter,
  type TransmitterOptions,
} from './transmitter.ts';
import { folder, metricsOf, type RecordedLog, recordedLog, secretIn, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
let transmitter: Transmitter;
let log: RecordedLog;
beforeEach(async () => {
  log = await recordedLog();
  cleanUps.push(() => log.close());
  await use({});
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function use(options: TransmitterOptions): Promise<void> {
  transmitter = await startTransmitter(options);
  const { [Symbol.asyncDispose]: close } = transmitter;
  cleanUps.push(() => close());
}

async function start(source: object = {}, options: object = {}): Promise<Receiver> {
  const poll = {
    name: 'idp',
    kind: 'ssf',
    delivery: 'poll',
    issuer: transmitter.issuer,
    audience: ['https://receiver.example'],
    pollUrl: transmitter.pollUrl,
    accessTokenFile: secretIn(folder(cleanUps), 'token', 'a-token\n'),
    ...source,
  } as SourceInput;
  const receiver = await startReceiver({ sources: [poll], ...options }, log);
  cleanUps.push(() => receiver.stop());
  return receiver;
}

const session = (name: string) => sessionRevoked(name, transmitter.issuer);
const settled = (count: number) =>
  until(() => transmitter.acknowledged.length === count, { what: `${count} acknowledged events`, timeoutMs: 30_000 });

describe('given a transmitter that is polled (RFC 8936)', () => {
  it('acknowledges with the next request what the log has', async () => {
    const jti = await transmitter.emit(session('alice'));
    await start();
    await settled(1);
    expect([transmitter.acknowledged, log.written]).toEqual([[jti], ['revoke alice']]);
  });

  it('drains 10,000 waiting events without a pause, none lost, none invented, in their order', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    for (const name of names) await transmitter.emit(session(name));
    await start();
    await settled(names.length);
    // 100 events a request, and one more that acknowledges the last of them.
    expect(transmitter.requests.filter((route) => route === 'POST /poll').length).toBeLessThanOrEqual(102);
    expect(new Set(log.written).size).toBe(names.length);
    expect(log.written.length).toBe(names.length);
    expect(log.written).toEqual(names.map((name) => `revoke ${name}`));
  }, 60_000);

  it('accepts every event when the transmitter changes its key in between', async () => {
    await start();
    await transmitter.emit(session('alice'));
    await settled(1);
    await transmitter.rotate();
    await transmitter.emit(session('bob'));
    await settled(2);
    expect(log.written).toEqual(['revoke alice', 'revoke bob']);
  });

  it('writes once what is sent twice, and acknowledges both', async () => {
    transmitter.disorder = 'duplicate';
    await transmitter.emit(session('alice'));
    await start();
    await settled(2);
    expect(log.written).toEqual(['revoke alice']);
  });

  it('comes to the newest state of an account, in whatever order its events arrive', async () => {
    const at = Math.floor(Date.now() / 1000);
    transmitter.disorder = 'reverse';
    await transmitter.emit(accountChange('account-disabled', 'alice', transmitter.issuer, at - 60));
    await transmitter.emit(accountChange('account-enabled', 'alice', transmitter.issuer, at - 30));
    await start({ allow: ['block', 'lift'] });
    await settled(2);
    expect(log.written).toEqual(['lift alice']);
  });

  it('acknowledges nothing while the log is down, and logs everything after it', async () => {
    log.failWith('unavailable');
    await transmitter.emit(session('alice'));
    const receiver = await start();
    await until(async () => (await metricsOf(receiver)).includes('type="session-revoked",result="unavailable"} 1'), {
      what: 'a delivery that failed',
    });
    expect(transmitter.acknowledged).toEqual([]);
    log.failWith(undefined);
    await settled(1);
    expect(log.written).toEqual(['revoke alice']);
  });

  it('goes on with other events while one waits for its window', async () => {
    log.failWith('too_many_broad_rules', 'block');
    const at = Math.floor(Date.now() / 1000);
    await transmitter.emit(accountChange('account-disabled', 'alice', transmitter.issuer, at));
    await start({ allow: ['block'] });
    await until(() => transmitter.requests.includes('POST /poll'), { what: 'a request' });
    await transmitter.emit(session('bob'));
    await settled(1);
    expect(log.written).toEqual(['revoke bob']);
  });

  it('takes an event without an audience, as Keycloak sends it, and still refuses another audience', async () => {
    const foreign = await transmitter.emit({ ...session('alice'), aud: 'https://other.example' });
    await transmitter.emit({ ...session('bob'), aud: undefined });
    await start();
    await settled(1);
    await until(() => transmitter.refused.size === 1, { what: 'the refused event' });
    expect(log.written).toEqual(['revoke bob']);
    expect([...transmitter.refused]).toEqual([[foreign, 'invalid_audience']]);
  });

  it('reports an event that it refuses, by its code, and goes on', async () => {
    const wrong = await transmitter.emit({ ...session('alice'), aud: 'https://other.example' });
    await transmitter.emit(session('bob'));
    await start();
    await settled(1);
    await until(() => transmitter.refused.size === 1, { what: 'the refused event' });
    expect([[...transmitter.refused], log.written]).toEqual([[[wrong, 'invalid_audience']], ['revoke bob']]);
  });

  it('asks once a second where requests are not held open', async () => {
    transmitter.holdMs = 0;
    await start();
    await until(() => transmitter.requests.includes('POST /poll'), { what: 'a first request' });
    await transmitter.emit(session('alice'));
    await settled(1);
    expect(transmitter.requests.filter((route) => route === 'POST /poll').length).toBeLessThan(6);
  });

  it('waits while the transmitter is paused, and loses nothing', async () => {
    transmitter.isPaused = true;
    await transmitter.emit(session('alice'));
    await start();
    await until(() => transmitter.requests.includes('POST /poll'), { what: 'a request' });
    transmitter.isPaused = false;
    await settled(1);
    expect(log.written).toEqual(['revoke alice']);
  });
});

describe('given a stream that the receiver manages', () => {
  const managed = () => ({
    audience: [],
    pollUrl: undefined,
    accessTokenFile: undefined,
    manage: true,
    clientId: 'rc',
    clientSecretFile: secretIn(folder(cleanUps), 'secret', 'a-secret'),
  });

  it.each([
    ['inserted', {}],
    ['appended', { path: '/realms/shop' }],
  ])('creates it, by metadata whose path is %s, and takes its audience', async (_how, options) => {
    await use(options);
    const receiver = await start(managed());
    await transmitter.emit(session('alice'));
    await until(() => log.written.length === 1, { what: 'the event' });
    await until(
      async () => (await metricsOf(receiver)).includes('revocast_stream_state{source="idp",state="enabled"} 1'),
      {
        what: 'the state of the stream',
      },
    );
    expect(transmitter.requests.filter((route) => route === 'POST /streams')).toHaveLength(1);
  });

  it('adopts the stream that exists', async () => {
    const first = await start(managed());
    await until(() => transmitter.requests.includes('POST /streams'), { what: 'a stream' });
    await first.stop();
    await start(managed());
    await transmitter.emit(session('alice'));
    await until(() => log.written.length === 1, { what: 'the event' });
    expect(transmitter.requests.filter((route) => route === 'POST /streams')).toHaveLength(1);
  });

  it('asks for a verification event, and notes when it came', async () => {
    const receiver = await start(managed());
    const verifiedAt = async () =>
      Number(/revocast_stream_verified_timestamp_seconds\{source="idp"\} (\S+)/.exec(await metricsOf(receiver))?.[1]);
    await until(async () => (await verifiedAt()) > 0, { what: 'a verification' });
    expect(Math.abs((await verifiedAt()) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('is enabled, and never silent, at a transmitter without the optional endpoints', async () => {
    await use({ metadata: { status_endpoint: undefined, verification_endpoint: undefined } });
    const receiver = await start(managed());
    const enabled = 'revocast_stream_state{source="idp",state="enabled"} 1';
    await until(async () => (await metricsOf(receiver)).includes(enabled), { what: enabled });
    expect(await metricsOf(receiver)).not.toContain('revocast_stream_verified_timestamp_seconds{source="idp"}');
    expect(await metricsOf(receiver)).toContain('revocast_stream_needs_subjects{source="idp"} 0');
  });

  it('shows that events come only about subjects that were added', async () => {
    await use({ metadata: { default_subjects: 'NONE' } });
    const receiver = await start(managed());
    const series = 'revocast_stream_needs_subjects{source="idp"} 1';
    await until(async () => (await metricsOf(receiver)).includes(series), { what: series });
  });

  it('reports that the transmitter has paused it', async () => {
    transmitter.isPaused = true;
    const receiver = await start(managed());
    await until(
      async () => (await metricsOf(receiver)).includes('revocast_stream_state{source="idp",state="paused"} 1'),
      {
        what: 'the state of the stream',
      },
    );
  });

  it('creates a stream that pushes to this receiver, with the token that it expects', async () => {
    const authorizationFile = secretIn(folder(cleanUps), 'push', 'a-token-of-sixteen-characters');
    const receiverUrl = 'https://receiver.example/idp';
    await start({ ...managed(), delivery: 'push', receiverUrl, authorizationFile });
    await until(() => transmitter.requests.includes('POST /streams'), { what: 'a stream' });
    const streams = await fetch(`${transmitter.issuer}/streams`, { headers: { authorization: 'Bearer a-token' } });
    const authorization_header = 'Bearer a-token-of-sixteen-characters';
    expect(await streams.json()).toMatchObject([
      { delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: receiverUrl, authorization_header } },
    ]);
  });

  it('refuses no pushed event before the audience of the stream is known', async () => {
    await use({ foreignOrigin: 'https://other.example' });
    const receiverUrl = 'https://receiver.example/idp';
    const receiver = await start({ ...managed(), delivery: 'push', receiverUrl });
    expect((await transmitter.push(`${receiver.dataUrl}/idp`, session('alice'))).status).toBe(503);
  });

  it('fetches no event before the audience of the stream is known', async () => {
    await use({ foreignOrigin: 'https://other.example' });
    const receiver = await start({ ...managed(), pollUrl: transmitter.pollUrl });
    await transmitter.emit(session('alice'));
    const isRead = 'revocast_stream_requests_total{source="idp",result="ok"} 1';
    await until(async () => (await metricsOf(receiver)).includes(isRead), { what: 'the metadata' });
    expect(transmitter.requests).not.toContain('POST /poll');
    expect(transmitter.refused.size).toBe(0);
  });
});
