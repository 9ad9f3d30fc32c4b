import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { openFeed, openReplica, systemClock, systemRandom } from '@revocast/denylist/replica';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import type { BrowserContext, Page, Request } from 'playwright-core';
import { runProgram, type SidecarProcess, startSidecarProcess } from '../sidecar-process.ts';
import { openBrowser } from './browser.ts';

jest.setTimeout(60_000);

const issuer = 'https://login.example/';
const pictures = join(fileURLToPath(new URL('../../../..', import.meta.url)), '.cache', 'console');
const cleanUps: (() => unknown)[] = [];
let redis: RedisServer;
let sidecar: SidecarProcess;
let publisher: Publisher;
let context: BrowserContext;
let page: Page;
let requests: Request[];
let complaints: string[];

beforeAll(async () => {
  // The browser starts first: without one the tests fail at once.
  const browser = await openBrowser();
  cleanUps.push(() => browser.close());
  context = browser.context;
  redis = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } });
  cleanUps.push(() => redis.stop());
  expect(await runProgram(['init', `--source=${redis.url}`])).toMatchObject({ code: 0 });
  sidecar = await startSidecarProcess([`--source=${redis.url}`, '--drain-ms=0']);
  cleanUps.push(() => sidecar.process.stop());
  await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, {
    what: 'a ready sidecar',
    timeoutMs: 10_000,
  });
  publisher = await createPublisher(redis.url);
  cleanUps.push(() => publisher.close());
  mkdirSync(pictures, { recursive: true });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

beforeEach(async () => {
  page = await context.newPage();
  requests = [];
  complaints = [];
  page.on('request', (request) => requests.push(request));
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${sidecar.dataUrl}/console`);
});
afterEach(async () => {
  // Violations of the content security policy and script errors appear here.
  expect(complaints).toEqual([]);
  await page.close();
});

const part = (name: string) => page.locator(`[data-live="${name}"]`);
const seen = (what: string, name: string, text: string | RegExp) =>
  until(
    async () => {
      const shown = (await part(name).textContent()) ?? '';
      return typeof text === 'string' ? shown.includes(text) : text.test(shown);
    },
    { what, timeoutMs: 5000 },
  );

interface Claims {
  readonly [claim: string]: unknown;
}

/** A token with a placeholder signature: the page does not check it. */
function mint(claims: Claims): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000) - 60;
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'key-of-the-console-test' };
  return `${encode(header)}.${encode({ iss: issuer, iat, exp: iat + 600, aud: 'api', ...claims })}.${'c2lnbmF0dXJl'.repeat(8)}`;
}

async function explain(token: string): Promise<string> {
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('#explanation .verdict').waitFor();
  return (await page.locator('#explanation').textContent()) ?? '';
}

/** URLs and bodies of all requests of the page. */
function sent(): string[] {
  return requests.map((request) => {
    return [request.url(), JSON.stringify(request.headers()), request.postData() ?? ''].join('\n');
  });
}

describe('the console during revocations', () => {
  it('shows each revocation within two seconds, with reason, actor and latency', async () => {
    for (let number = 0; number < 30; number++) {
      const reason = number % 3 === 0 ? 'logout' : number % 3 === 1 ? 'password_change' : 'admin';
      await publisher.revoke({ issuer, session: `shown-${number}`, reason, actor: `admin-${number}` });
    }
    await publisher.revoke({
      issuer,
      subject: 'a<script>alert(1)</script>',
      reason: 'credential_leak',
      actor: '<b id="bad">x</b>',
    });
    await seen('the last revocation', 'revocations', '<b id="bad">x</b>');
    expect(await page.locator('#bad').count()).toBe(0);
    await seen('the count by reason', 'refusals', 'credential_leak: 1');
    await seen('a median', 'latency', /Request\s*\d[\d.]* ms/);
    expect(await page.getByRole('img', { name: /^The last 31 revocations/ }).count()).toBe(1);
    expect(await part('freshness').textContent()).toContain('Rules held31');
  });

  it('shows a replica with its lag', async () => {
    await seen('no replica', 'replicas', 'No replica reports');
    const feed = await openFeed(sidecar.dataUrl, { clock: systemClock, random: systemRandom });
    const replica = openReplica({ feed, clock: systemClock, random: systemRandom });
    expect(await replica.ready({ timeoutMs: 5000 })).toBe(true);
    await seen('the replica', 'replicas', /[0-9a-f]{16}\s*nothing/);
    await publisher.revoke({ issuer, session: 'after-the-replica', reason: 'logout' });
    await seen('the replica, caught up', 'replicas', /1 in total: 1 up to date/);
    await page.screenshot({ path: join(pictures, 'light.png'), fullPage: true });
    await replica.close();
  });

  it('does not change while it is paused', async () => {
    const pause = page.getByRole('button', { name: 'Pause updates' });
    await pause.press('Enter');
    expect(await pause.getAttribute('aria-pressed')).toBe('true');
    await publisher.revoke({ issuer, session: 'unseen', reason: 'logout', actor: 'while-paused' });
    await page.waitForTimeout(1500);
    expect(await part('revocations').textContent()).not.toContain('while-paused');
    await pause.press('Enter');
    await seen('what was missed', 'revocations', 'while-paused');
  });
});

describe('the explanation of a token', () => {
  const names = {
    jti: 'token-id-of-the-pasted-token',
    sub: 'subject-of-the-pasted-token',
    client_id: 'client-of-the-pasted',
    sid: 'session-of-the-pasted-token',
  };

  it('names the session that is revoked', async () => {
    await publisher.revoke({ issuer, session: names.sid, reason: 'logout', actor: 'who-ended-the-session' });
    await seen('the revocation', 'revocations', 'who-ended-the-session');
    const explained = await explain(`Bearer ${mint(names)}`);
    expect(explained).toContain('Revoked by its session (sid)');
    expect(explained).toContain('Denies every token until');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.screenshot({ path: join(pictures, 'dark.png'), fullPage: true });
  });

  it('distinguishes a token from before a cutoff from one after it', async () => {
    const subject = 'a-subject-with-a-cutoff';
    await publisher.revoke({ issuer, subject, reason: 'password_change' });
    const iat = Math.floor(Date.now() / 1000);
    const before = (await explain(mint({ jti: 'before', sub: subject }))).slice(0, 60);
    expect(before).toContain('Revoked by its subject (sub)');
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await explain(mint({ jti: 'after', sub: subject, iat: iat + 10, exp: iat + 100 }))).toContain('Not revoked');
  });

  it('sends no twelve consecutive characters of the token', async () => {
    const token = mint(names);
    await explain(token);
    const secrets = [token, ...Object.values(names)];
    const runs = secrets.flatMap((secret) =>
      Array.from({ length: secret.length - 11 }, (_, at) => secret.slice(at, at + 12)),
    );
    const all = sent();
    expect(all.filter((request) => request.includes('/console/digests?d='))).toHaveLength(1);
    expect(all.filter((request) => runs.some((run) => request.includes(run)))).toEqual([]);
  });

  it('can be used with the keyboard alone', async () => {
    await page.getByLabel('Access token').focus();
    await page.keyboard.insertText('not a token');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('A signed JWT has three parts').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.getByLabel('Access token').inputValue()).toBe('');
    expect(await page.locator('#token').evaluate((field) => field.matches(':focus'))).toBe(true);
  });

  it('is removed when the user leaves the page and returns', async () => {
    await page.getByLabel('Access token').fill(mint(names));
    await page.goto('about:blank');
    await page.goBack();
    expect(await page.getByLabel('Access token').inputValue()).toBe('');
  });
});

describe('the page', () => {
  it.each([320, 390])('fits a screen %d pixels wide without horizontal scrolling', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    await explain(mint({ jti: 'on-a-phone', sub: 'a-subject-with-a-cutoff' }));
    // A string, because the types of this program have no `document`.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    if (width === 390) await page.screenshot({ path: join(pictures, 'phone.png'), fullPage: true });
  });

  it('shows that it is out of date when the sidecar is unreachable, and the last error of the source', async () => {
    redis.pause();
    await until(async () => (await page.locator('#state').textContent())?.startsWith('Stale (no_heartbeat)') ?? false, {
      what: 'the state to be stale',
      timeoutMs: 15_000,
    });
    await page.screenshot({ path: join(pictures, 'stale.png') });
    redis.resume();
    await until(async () => (await page.locator('#state').textContent())?.startsWith('Fresh') ?? false, {
      what: 'the state to be fresh again',
      timeoutMs: 15_000,
    });
    await sidecar.process.stop();
    await page.getByText('no connection to the sidecar since then').waitFor();
    // The test causes these messages: the connection was refused.
    complaints = complaints.filter((complaint) => !complaint.includes('net::ERR_'));
  });
});
