import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '@revocast/test-support/free-port';
import { decodeAppendRequest } from '../../../src/codec/append-request.ts';
import { createHttpLog } from '../../../src/http/client/log.ts';
import type { AppendRequest, RevocationLog } from '../../../src/log/revocation-log.ts';
import { forEver } from '../../../src/rules/rule.ts';
import { type HttpSource, parseSource } from '../../../src/sources/source.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const request: AppendRequest = {
  digest: Uint32Array.of(1, 2, 3, 4),
  statement: { kind: 'deny', until: forEver },
  details: { id: 'e1', kind: 'revoke' },
  redisReplicas: 2,
};
const appended = { epoch: 'e1', head: 'h1', cursor: '1', loggedAtMs: 5, redisReplicas: 2, repeated: false };

let server: ScriptedServer;
let answerWith: RequestListener;
let bodies: string[];
let log: RevocationLog;

beforeEach(async () => {
  bodies = [];
  answerWith = (_, response) => response.writeHead(201).end(JSON.stringify(appended));
  server = await startScriptedServer(async (asked, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of asked) chunks.push(chunk);
    bodies.push(Buffer.concat(chunks).toString('utf8'));
    answerWith(asked, response);
  });
  log = createHttpLog(server.source, { clock: systemClock });
});
afterEach(async () => {
  await log.close();
  server.close();
});

const httpSource = (url: string): HttpSource => {
  const source = parseSource(url);
  if (source.kind !== 'http') throw new Error('expected an http source');
  return source;
};

describe('the time of the log', () => {
  it('is asked of the sidecar', async () => {
    answerWith = (_, response) => response.writeHead(200).end(JSON.stringify({ logNowMs: 5_000 }));
    const sample = await log.time?.();
    expect(sample?.logMs).toBe(5_000);
    expect(sample?.roundTripMs).toBeGreaterThan(0);
    expect(Math.abs(systemClock.monotonicMs() - (sample?.monotonicMs ?? 0))).toBeLessThan(5000);
  });

  it('is not known to a sidecar that is not fresh', async () => {
    answerWith = (_, response) => response.writeHead(503).end(JSON.stringify({ error: 'not_fresh' }));
    await expect(log.time?.()).rejects.toMatchObject({ code: 'not_ready' });
  });
});

describe('appending through a sidecar', () => {
  it('sends the statement and gives back what became of it', async () => {
    expect(await log.append(request)).toEqual(appended);
    expect(bodies.map((body) => decodeAppendRequest(body))).toEqual([request]);
  });

  it.each([
    ['safe', 'safe'],
    ['unsafe', 'unsafe'],
    ['unknown', undefined],
    ['another', undefined],
    [undefined, undefined],
  ])('reads the eviction policy %s as %s', async (evictionPolicy, read) => {
    answerWith = (_, response) => response.writeHead(201).end(JSON.stringify({ ...appended, evictionPolicy }));
    expect((await log.append(request)).evictionPolicy).toBe(read);
  });

  it('reads an unknown number of copies', async () => {
    const body = { ...appended, redisReplicas: 0, redisReplicasUnknown: true };
    answerWith = (_, response) => response.writeHead(201).end(JSON.stringify(body));
    expect(await log.append(request)).toEqual({ ...appended, redisReplicas: null });
  });

  it.each([
    ['the log refused', 422, { error: 'refused', message: 'a cutoff in the future' }, 'refused', false],
    ['the log is not there', 503, { error: 'unavailable', message: 'Redis is down' }, 'unavailable', false],
    ['it is in force on fewer copies', 507, { error: 'not_durable', message: '0 of 2' }, 'not_durable', true],
    ['the log did not answer', 504, { error: 'outcome_unknown', message: 'no reply' }, 'outcome_unknown', 'unknown'],
    ['it wants a token', 401, { error: 'invalid_token' }, 'unavailable', false],
    ['it forbids this', 403, {}, 'unavailable', false],
    ['it did not understand', 400, { error: 'malformed_request', message: 'digest' }, 'refused', false],
    ['it takes none', 404, {}, 'refused', false],
    ['something in between failed', 502, '<html>', 'outcome_unknown', 'unknown'],
    ['it failed', 500, { error: 'internal_error' }, 'outcome_unknown', 'unknown'],
    ['its answer cannot be read', 201, 'yes', 'outcome_unknown', 'unknown'],
    ['its answer lacks a field', 201, { epoch: 'e1', head: 'h1' }, 'outcome_unknown', 'unknown'],
  ])('fails as what it is when %s (%i)', async (_, status, body, code, applied) => {
    answerWith = (__, response) =>
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    await expect(log.append(request)).rejects.toMatchObject({ name: 'LogError', code, applied });
  });

  it.each([
    ['127.0.0.1', 'an address'],
    ['localhost', 'a name of several addresses'],
  ])('reached nobody when the connection to %s is refused', async (host) => {
    const nobody = createHttpLog(httpSource(`http://${host}:${await freePort()}`), { clock: systemClock });
    await expect(nobody.append(request)).rejects.toMatchObject({ code: 'unavailable', applied: false });
  });

  it('reached nobody when there is no socket', async () => {
    const nobody = createHttpLog(httpSource('unix:/nonexistent/sidecar.sock'), { clock: systemClock });
    await expect(nobody.append(request)).rejects.toMatchObject({ code: 'unavailable', applied: false });
  });

  it('may have reached it when the link breaks before the answer', async () => {
    answerWith = (asked) => asked.socket.destroy();
    await expect(log.append(request)).rejects.toMatchObject({ code: 'outcome_unknown', applied: 'unknown' });
    expect(bodies).toHaveLength(1);
  });

  it('sends nothing without the token that it was told to send', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'revocast-log-'));
    const withToken = createHttpLog(server.source, { clock: systemClock, tokenFile: dir });
    await expect(withToken.append(request)).rejects.toMatchObject({ code: 'unavailable', applied: false });
    expect(bodies).toEqual([]);
    await rm(dir, { recursive: true });
  });
});

describe('asking a sidecar what an id denied', () => {
  it('names the id, and takes the digest and dimension', async () => {
    let asked: string | undefined;
    answerWith = ({ url }, response) => {
      asked = url;
      response.writeHead(200).end('{"digest":"00000001000000020000000300000004","dimension":"grant"}');
    };
    expect(await log.denial('a&b')).toEqual({ digest: Uint32Array.of(1, 2, 3, 4), dimension: 'grant' });
    expect(asked).toBe('/v1/revocations?id=a%26b');
    await log.denial('a&b', 'of=a');
    expect(asked).toBe('/v1/revocations?id=a%26b&lift=of%3Da');
  });

  it.each([
    ['the log refused', 422, '{"error":"refused","message":"of a cutoff"}', 'refused', /of a cutoff/],
    ['it wants a token', 401, '{"error":"unauthorized"}', 'unavailable', /tokenFile/],
    ['it is too old to tell', 404, '{"error":"not_found"}', 'refused', /404/],
    ['it failed', 500, '{}', 'unavailable', /nothing was lifted/],
    ['its answer lacks a field', 200, '{"digest":"00000001000000020000000300000004"}', 'unavailable', /nothing was/],
    ['its answer is broken', 200, '{"digest":"1","dimension":"grant"}', 'unavailable', /nothing was lifted/],
  ])('fails as what it is when %s (%i)', async (_, status, body, code, message) => {
    answerWith = (__, response) => response.writeHead(status).end(body);
    await expect(log.denial('a')).rejects.toMatchObject({ name: 'LogError', code, applied: false });
    await expect(log.denial('a')).rejects.toThrow(message);
  });

  it('lifts nothing when nobody answers', async () => {
    answerWith = (asked) => asked.socket.destroy();
    await expect(log.denial('a')).rejects.toMatchObject({ code: 'unavailable', applied: false });
  });
});
