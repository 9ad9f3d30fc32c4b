import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Certificate, makeCertificate } from '@revocast/test-support/make-certificate';
import { WebSocketServer } from 'ws';
import { get, type HttpClient, readAll } from '../../../src/http/client/client.ts';
import { createHttpLog } from '../../../src/http/client/log.ts';
import { openStream } from '../../../src/http/client/stream-socket.ts';
import type { AppendRequest } from '../../../src/log/revocation-log.ts';
import { forEver } from '../../../src/rules/rule.ts';
import { type HttpSource, parseSource } from '../../../src/sources/source.ts';
import { systemClock } from '../../../src/system-clock.ts';

const revocation: AppendRequest = {
  digest: Uint32Array.of(1, 2, 3, 4),
  statement: { kind: 'deny', until: forEver },
  details: { id: 'e1', kind: 'revoke' },
  redisReplicas: 0,
};

describe('given a sidecar with TLS that requires client certificates', () => {
  let dir: string;
  let own: Certificate;
  let client: Certificate;
  let server: Server;
  let port: number;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'revocast-https-'));
    [own, client] = await Promise.all([makeCertificate(dir, 'sidecar'), makeCertificate(dir, 'client')]);
    const [cert, key, ca] = [own.cert, own.key, client.cert].map((path) => readFileSync(path));
    const options = { cert, key, ca, requestCert: true, rejectUnauthorized: true };
    server = createServer(options, (_request, response) => response.end('hello'));
    new WebSocketServer({ server });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo); // listening on TCP: never a string or null
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(dir, { recursive: true });
  });

  const withCertificate = () => `cert=${client.cert}&key=${client.key}`;
  const sourceOf = (parameters: string): HttpSource => {
    const source = parseSource(`https://127.0.0.1:${port}?${parameters}`);
    if (source.kind !== 'http') throw new Error('expected an http source');
    return source;
  };
  const clientOf = (parameters: string): HttpClient => ({
    source: sourceOf(parameters),
    signal: new AbortController().signal,
  });
  const ask = async (parameters: string) =>
    Buffer.from(await readAll(await get(clientOf(parameters), '/v1/fresh'), 100)).toString();
  const stream = async (parameters: string) => {
    const opened = await openStream(clientOf(parameters), systemClock);
    opened?.close();
    return opened === undefined ? 'none' : 'open';
  };

  it('answers a request, and opens a stream, with its authority and a client certificate', async () => {
    const parameters = `ca=${own.cert}&${withCertificate()}`;
    expect({ request: await ask(parameters), stream: await stream(parameters) }).toEqual({
      request: 'hello',
      stream: 'open',
    });
    expect(await ask(`${parameters}&servername=sidecar.example`)).toBe('hello');
  });

  it.each([
    ['no authority', () => withCertificate(), /found DEPTH_ZERO_SELF_SIGNED_CERT; name the authority/],
    ['another name', () => `ca=${own.cert}&${withCertificate()}&servername=other.example`, /ALTNAME_INVALID/],
    ['a file that does not exist', () => 'ca=/nowhere.pem', /the file that ca names cannot be read \(ENOENT\)/],
  ])('is not reached with %s', async (_name, parameters, text) => {
    const failure = { code: 'unreachable', message: expect.stringMatching(text) };
    await expect(ask(parameters())).rejects.toMatchObject(failure);
    await expect(stream(parameters())).rejects.toMatchObject(failure);
  });

  it('does not answer a client without a certificate', async () => {
    await expect(ask(`ca=${own.cert}`)).rejects.toMatchObject({ name: 'FeedError' });
    await expect(stream(`ca=${own.cert}`)).rejects.toMatchObject({ name: 'FeedError' });
  });

  it('makes it certain that nothing was revoked when its certificate is not accepted', async () => {
    const log = createHttpLog(sourceOf(withCertificate()), { clock: systemClock });
    await expect(log.append(revocation)).rejects.toMatchObject({ code: 'unavailable' });
    await log.close();
  });
});
