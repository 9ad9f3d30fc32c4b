import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { type DimensionValue, digestOf, digestToHex } from '@revocast/denylist/replica';
import { until } from '@revocast/test-support';
import { pino } from 'pino';
import request from 'supertest';
import { maxPages } from '../../src/console/live-updates.ts';
import { type ConfigInput, startSidecar } from '../../src/index.ts';

const secret = 'a-token-of-twenty-one';
const paths = ['/console', '/console/page.js', '/console/events', `/console/digests?d=${'0'.repeat(32)}`];
const session: DimensionValue = { dimension: 'session', issuer: 'https://login.example/', value: 's-1' };
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function tokenFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'revocast-console-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'token'), secret);
  return join(folder, 'token');
}

async function start(input: Partial<ConfigInput> = {}): Promise<string> {
  const sidecar = await startSidecar(
    { source: 'memory:', dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0, ...input },
    { log: pino({ level: 'silent' }) },
  );
  cleanUps.push(() => sidecar.stop());
  await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, { what: 'a ready sidecar' });
  return sidecar.dataUrl.replace('0.0.0.0', '127.0.0.1');
}

/** Reads an open stream of updates. */
async function follow(url: string) {
  const end = new AbortController();
  cleanUps.push(() => end.abort());
  const response = await fetch(`${url}/console/events`, { signal: end.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    response,
    /** Everything up to its end. */
    async rest(): Promise<string> {
      for (;;) {
        const { done, value = '' } = (await reader?.read()) ?? { done: true };
        if (done) return text;
        text += value;
      }
    },
    async next(): Promise<{ state: string; parts: Record<string, string> }> {
      while (!text.includes('\n\n')) text += (await reader?.read())?.value ?? '';
      const [event = '', ...rest] = text.split('\n\n');
      text = rest.join('\n\n');
      return JSON.parse(event.replace(/^data: /, ''));
    },
  };
}

describe('given a sidecar on loopback', () => {
  it('serves the page to this host without a token', async () => {
    const { text, headers } = await request(await start())
      .get('/console')
      .expect(200)
      .expect('Content-Type', /html/);
    expect(text).toContain('Fresh: what is not on the list is not revoked.');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  it('serves each file of the page, and every module that a script imports', async () => {
    const url = await start();
    const { text } = await request(url).get('/console').expect(200);
    const named = [...text.matchAll(/(?:src|href)="(\/console\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(named.sort()).toEqual(['/console/page.css', '/console/page.js']);
    const script = await request(url)
      .get('/console/page.js')
      .expect(200)
      .expect('Content-Type', /javascript/);
    const imported = [...script.text.matchAll(/from '\.(\/[^']+)'/g)].map(([, path]) => `/console${path}`);
    expect(imported).toEqual(['/console/explain-token.js']);
    await request(url)
      .get('/console/explain-token.js')
      .expect(200)
      .expect('Content-Type', /javascript/);
    await request(url).get('/console/page.css').expect(200).expect('Content-Type', /css/);
  });

  it('answers which digests have rules, and shows the revocation', async () => {
    const url = await start({ tokenFile: tokenFile() });
    const publisher = await createPublisher(url, { tokenFile: tokenFile() });
    cleanUps.push(() => publisher.close());
    await publisher.revoke({ issuer: session.issuer, session: 's-1', reason: 'logout', actor: 'ann' });
    const digest = digestToHex(digestOf(session));
    const ask = () =>
      request(url)
        .get(`/console/digests?d=${'0'.repeat(32)}&d=${digest}`)
        .expect(200);
    await until(async () => (await ask()).body.rules.length > 0, { what: 'the rule' });
    const { body } = await ask();
    expect(body).toMatchObject({
      state: 'fresh',
      rules: [
        {
          digest,
          deniesAll: true,
          words: [expect.stringContaining('Denies every token')],
          stated: { kind: 'revoke', reason: 'logout', actor: 'ann', loggedAtMs: expect.any(Number) },
        },
      ],
    });
    expect((await request(url).get('/console')).text).toContain('<td data-label="By">ann</td>');
  });

  it('says of each replica how far it is behind and when it last reported, and serves what it applied', async () => {
    const url = await start({ tokenFile: tokenFile() });
    const publisher = await createPublisher(url, { tokenFile: tokenFile() });
    cleanUps.push(() => publisher.close());
    await publisher.revoke({ issuer: 'https://login.example/', session: 's-9', reason: 'logout', actor: 'bea' });
    await until(async () => (await request(url).get('/console/revocations')).text.includes('bea'), { what: 'it' });
    const { body } = await request(url).get('/console/revocations?since=0').expect(200);
    expect(body.revocations.at(-1)).toMatchObject({ kind: 'revoke', reason: 'logout', actor: 'bea' });
    await request(url).get('/console/revocations?since=99999999999999').expect(200, { revocations: [] });
    await request(url).get('/console/revocations?since=now').expect(400);
    await request(url).get('/console/replicas').expect(200, { replicas: [] });
  });

  it.each(['', '?d=', '?d=xyz', `?d=${'0'.repeat(32)}&d=eyJhbGciOi`, `?digest=${'0'.repeat(32)}`])(
    'rejects the query "%s" without repeating it',
    async (query) => {
      const { text } = await request(await start())
        .get(`/console/digests${query}`)
        .expect(400);
      expect(text).not.toContain('eyJ');
    },
  );

  it.each(paths)('rejects %s with a foreign Host, and from a page of another origin', async (path) => {
    const url = await start();
    await request(url).get(path).set('Host', 'evil.example').expect(421);
    await request(url).get(path).set('Origin', 'https://evil.example').expect(403);
  });

  it('rejects resources that another site embeds, which have no Origin, and accepts links', async () => {
    const url = await start();
    const get = (path: string, site: string, dest: string) =>
      request(url).get(path).set('Sec-Fetch-Site', site).set('Sec-Fetch-Dest', dest);
    const digests = `/console/digests?d=${'0'.repeat(32)}`;
    await get('/console', 'cross-site', 'iframe').expect(403);
    await get('/console', 'cross-site', 'document').expect(200);
    await get('/console/events', 'cross-site', 'image').expect(403);
    await get(digests, 'same-site', 'image').expect(403);
    await get(digests, 'same-origin', 'empty').expect(200);
    await get(digests, 'none', 'document').expect(200);
  });

  it.each(['/console/', '/console/x', '/CONSOLE', '/consoles'])('does not serve %s', async (path) => {
    await request(await start())
      .get(path)
      .expect(404);
  });

  it.each(['post', 'put', 'delete'] as const)('rejects the method %s', async (method) => {
    await request(await start())
      [method]('/console')
      .expect(404);
  });
});

describe('given an open page', () => {
  it('receives every part once and then the changed parts, at most once a second', async () => {
    const page = await follow(await start());
    const first = await page.next();
    const firstAt = performance.now();
    expect(page.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(Object.keys(first.parts)).toEqual(['freshness', 'replicas', 'latency', 'revocations', 'refusals']);
    const second = await page.next();
    // By another clock, a timer may fire slightly early.
    expect(performance.now() - firstAt).toBeGreaterThan(900);
    expect(second.parts).toHaveProperty('freshness');
    expect(second.parts).not.toHaveProperty('revocations');
  });

  it('gives its place to a later page when all places are taken', async () => {
    const url = await start();
    const pages = [];
    for (let page = 0; page < maxPages; page++) pages.push(await follow(url));
    const later = await follow(url);
    expect(Object.keys((await later.next()).parts)).toHaveLength(5);
    expect((await pages[0]?.rest())?.split('\n\n').at(-2)).toBe('event: replaced\ndata: 1');
    expect(Object.keys((await pages[1]?.next())?.parts ?? {})).toHaveLength(5);
  });
});

describe('given a sidecar that other hosts can reach', () => {
  it.each(paths)('requires the token for %s', async (path) => {
    const url = await start({ dataListen: '0.0.0.0:0', tokenFile: tokenFile() });
    await request(url).get(path).expect(401);
    await request(url).get(path).set('Authorization', 'Bearer not-the-right-token-at-all').expect(401);
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${secret}` } });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });
});
