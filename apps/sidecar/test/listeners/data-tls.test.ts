import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { openFeed, openReplica, systemClock, systemRandom } from '@revocast/denylist/replica';
import { type Certificate, makeCertificate, until } from '@revocast/test-support';
import { pino } from 'pino';
import { type ConfigInput, startSidecar } from '../../src/index.ts';
import { otherConnections } from '../../src/listeners/bind-listeners.ts';

const token = 'a-token-of-twenty-one';
const ports = { clock: systemClock, random: systemRandom };
let folder: string;
let first: Certificate;
let second: Certificate;
let client: Certificate;
const cleanUps: (() => unknown)[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-data-tls-'));
  [first, second, client] = await Promise.all([
    makeCertificate(folder, 'first'),
    makeCertificate(folder, 'second'),
    makeCertificate(folder, 'client'),
  ]);
  writeFileSync(join(folder, 'token'), token);
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(input: Partial<ConfigInput>) {
  const lines: { level: number; option?: string; reason?: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const sidecar = await startSidecar(
    { source: 'memory:', dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0, ...input },
    { log },
  );
  cleanUps.push(() => sidecar.stop());
  await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, { what: 'a ready sidecar' });
  return { ...sidecar, lines, port: Number(new URL(sidecar.dataUrl).port) };
}

async function follow(url: string) {
  const replica = openReplica({ feed: await openFeed(url, { ...ports, tokenFile: join(folder, 'token') }), ...ports });
  cleanUps.push(() => replica.close());
  await until(() => replica.status().freshness.state === 'fresh', { what: `a reader of ${url}` });
  return replica;
}

/** The name on the certificate that is served. */
function servedName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { CN } = socket.getPeerCertificate().subject;
      resolve(String(CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('given a sidecar whose data listener requires client certificates', () => {
  it('serves readers, publishers and relays with one, and nobody else', async () => {
    const upper = await start({
      dataTlsCertFile: first.cert,
      dataTlsKeyFile: first.key,
      dataTlsClientCaFile: client.cert,
      relayTokenFile: join(folder, 'token'),
    });
    expect(upper.dataUrl).toMatch(/^https:/);
    const trusting = `${upper.dataUrl}?ca=${first.cert}`;
    const url = `${trusting}&cert=${client.cert}&key=${client.key}`;
    const relay = await start({ source: url, sourceTokenFile: join(folder, 'token') });
    const [direct, behind] = [await follow(url), await follow(relay.dataUrl)];
    const publisher = await createPublisher(url, { tokenFile: join(folder, 'token') });
    cleanUps.push(() => publisher.close());
    const revoked = await publisher.revoke({
      issuer: 'https://login.example/',
      session: 's',
      reason: 'logout',
      actor: 'a',
    });
    await until(() => direct.status().rules === 1 && behind.status().rules === 1, { what: 'the rule in both readers' });
    expect(revoked.id).toEqual(expect.any(String));

    const stranger = await createPublisher(trusting, { tokenFile: join(folder, 'token') });
    cleanUps.push(() => stranger.close());
    await expect(
      stranger.revoke({ issuer: 'https://login.example/', session: 't', reason: 'logout', actor: 'a' }),
    ).rejects.toMatchObject({ name: 'LogError' });
    const feed = await openFeed(trusting, ports);
    await expect(feed.connect(new AbortController().signal, { id: 'r', progress: () => [] })).rejects.toMatchObject({
      name: 'FeedError',
    });
    expect(direct.status().rules).toBe(1);
  });
});

describe('given a sidecar with a certificate', () => {
  const names = () => ({ dataTlsCertFile: join(folder, 'tls.pem'), dataTlsKeyFile: join(folder, 'tls.key') });
  const install = ({ cert, key }: Certificate) => {
    copyFileSync(key, join(folder, 'tls.key'));
    copyFileSync(cert, join(folder, 'tls.pem'));
  };

  it('serves a renewed one without a restart, keeps the last one while files are invalid, and warns once', async () => {
    install(first);
    const { port, lines } = await start(names());
    const before = await servedName(port);
    writeFileSync(join(folder, 'tls.pem'), 'half writ');
    const warnings = () => lines.filter(({ option }) => option !== undefined);
    await until(() => warnings().length > 0, { what: 'a warning' });
    const during = await servedName(port);
    install(second);
    await until(async () => (await servedName(port)) === 'second', { what: 'the renewed certificate' });
    expect({ before, during, warnings: warnings() }).toEqual({
      before: 'first',
      during: 'first',
      warnings: [
        expect.objectContaining({ level: 40, option: 'dataTlsCertFile', msg: 'the changed certificate is not used' }),
      ],
    });
  });

  it('cuts connections without a handshake first when it has all of its connections', async () => {
    install(first);
    const { port } = await start({ ...names(), maxReaders: 1 });
    const page = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    cleanUps.push(() => page.destroy());
    page.write('GET /console/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(page, 'data');
    const silent = Array.from({ length: 1 + otherConnections + 1 }, () => connectTcp(port, '127.0.0.1'));
    cleanUps.push(() => silent.map((socket) => socket.destroy()));
    for (const socket of silent) socket.on('error', () => undefined).resume();
    await until(() => silent.filter(({ destroyed }) => destroyed).length === 2, { what: 'the bound', everyMs: 5 });
    expect(await servedName(port)).toBe('first');
    expect(silent.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(2);
    expect(page.destroyed).toBe(false);
  });

  it('closes a connection that completes no handshake', async () => {
    install(first);
    const { port } = await start(names());
    const socket = connectTcp(port, '127.0.0.1');
    await until(() => socket.destroyed || socket.closed, { what: 'the end of the connection' });
  });

  it.each<[string, () => Partial<ConfigInput>, RegExp]>([
    [
      'a file that does not exist',
      () => ({ dataTlsCertFile: '/nowhere' }),
      /^dataTlsCertFile: cannot read \/nowhere \(ENOENT\)/,
    ],
    [
      'no certificate',
      () => ({ dataTlsCertFile: join(folder, 'token') }),
      /^dataTlsCertFile: expected a certificate in PEM/,
    ],
    ['no key', () => ({ dataTlsKeyFile: join(folder, 'token') }), /^dataTlsKeyFile: expected a private key/],
    [
      'the key of another',
      () => ({ dataTlsKeyFile: second.key }),
      /^dataTlsKeyFile: expected the private key of the certificate/,
    ],
    [
      'no authority',
      () => ({ dataTlsClientCaFile: join(folder, 'token') }),
      /^dataTlsClientCaFile: expected the certificate/,
    ],
    [
      'a certificate without its key',
      () => ({ dataTlsKeyFile: undefined }),
      /^dataTlsKeyFile: needed beside dataTlsCertFile/,
    ],
    ['a Unix socket', () => ({ dataListen: 'unix:/run/x.sock' }), /^dataTlsCertFile: expected none with a Unix socket/],
  ])('does not start with %s', async (_name, change, message) => {
    const options = { dataTlsCertFile: first.cert, dataTlsKeyFile: first.key, ...change() };
    await expect(start(options)).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(message),
    });
  });
});
