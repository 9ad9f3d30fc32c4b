import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort } from '@revocast/test-support/free-port';
import { until } from '@revocast/test-support/until';
import { createUsageReceiver } from '../../../src/http/server/receive-usage.ts';
import { paths } from '../../../src/http/wire/wire.ts';
import type { UsageReport, UsageStore } from '../../../src/log/usage.ts';
import { openUsageStore } from '../../../src/sources/open-usage-store.ts';
import { systemClock as clock } from '../../../src/system-clock.ts';

const digest = 'a'.repeat(22);
const report: UsageReport = { subjects: [digest], tokens: { other: [digest] } };
const closeAll: (() => void)[] = [];
afterEach(() => {
  for (const close of closeAll.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAll.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  return `http://127.0.0.1:${port}`;
}

async function open(url: string): Promise<UsageStore> {
  const store = await openUsageStore(url, { clock });
  if (store === undefined) throw new Error('expected a sidecar');
  closeAll.push(() => store.close());
  return store;
}

/** A sidecar that counts with this. */
function counting(count: (given: UsageReport) => Promise<void>) {
  const receive = createUsageReceiver(count);
  return serve((request, response) => void receive.handle(request, response));
}

const post = (url: string, body: string) => fetch(url + paths.usage, { method: 'POST', body });

describe('given a process that reports to its sidecar', () => {
  it('the report arrives as it was sent', async () => {
    const counted: UsageReport[] = [];
    const store = await open(await counting(async (given) => void counted.push(given)));
    await store.add(report, 0);
    expect(counted).toEqual([report]);
  });

  it('a sidecar that fails to count says that, and nothing of why', async () => {
    const url = await counting(() => Promise.reject(new Error('secret of Redis')));
    await expect((await open(url)).add(report, 0)).rejects.toMatchObject({ code: 'unreachable' });
    const response = await post(url, JSON.stringify({ v: 1, ...report }));
    expect([response.status, await response.text()]).toEqual([503, expect.not.stringContaining('secret')]);
  });

  it.each([404, 401, 421])('a sidecar that answers %d does not count', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end());
    await expect((await open(url)).add(report, 0)).rejects.toMatchObject({ code: 'refused' });
  });

  it('a relay below one that does not count does not either', async () => {
    const upper = await open(await serve((_, response) => response.writeHead(404).end()));
    const relay = await open(await counting((given) => upper.add(given, 0)));
    await expect(relay.add(report, 0)).rejects.toMatchObject({ code: 'refused' });
  });

  it('nobody is there, and it fails', async () => {
    const store = await open(`http://127.0.0.1:${await freePort()}`);
    await expect(store.add(report, 0)).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('a closed store sends nothing any more', async () => {
    let asked = 0;
    const store = await open(
      await serve(() => {
        asked += 1;
      }),
    );
    const pending = store.add(report, 0);
    await until(() => asked === 1, { what: 'the request' });
    store.close();
    await expect(pending).rejects.toThrow();
    await expect(store.add(report, 0)).rejects.toThrow();
    expect(asked).toBe(1);
  });

  it('only a sidecar is reported to', async () => {
    for (const url of ['redis://127.0.0.1:1', 'memory:', 'file:/nowhere']) {
      expect(await openUsageStore(url, { clock })).toBeUndefined();
    }
  });
});

describe('given a sidecar that receives reports', () => {
  it('what is no report is refused', async () => {
    const url = await counting(async () => {});
    const response = await post(url, '{"v":1,"subjects":["alice"],"tokens":{}}');
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'malformed_request', message: 'subjects: expected strings of 22 base64url characters' },
    ]);
  });

  it('what is larger than any report is refused', async () => {
    const url = await counting(async () => {});
    const response = await post(url, ' '.repeat(256 * 1024 + 1));
    expect([response.status, await response.json()]).toMatchObject([400, { message: 'the body is too large' }]);
  });

  it('more at once than it works on are answered 429, and later ones are taken', async () => {
    const waiting: (() => void)[] = [];
    const url = await counting(() => new Promise((resolve) => waiting.push(resolve)));
    const body = JSON.stringify({ v: 1, ...report });
    const taken = Array.from({ length: 8 }, () => post(url, body));
    await until(() => waiting.length === 8, { what: 'eight reports under way' });
    expect((await post(url, body)).status).toBe(429);
    for (const finish of waiting) finish();
    expect((await Promise.all(taken)).map(({ status }) => status)).toEqual(Array(8).fill(204));
    const later = post(url, body);
    await until(() => waiting.length === 9, { what: 'a later report' });
    waiting[8]?.();
    expect((await later).status).toBe(204);
  });
});
