import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import {
  systemClock as clock,
  openFeed,
  openReplica,
  type Replica,
  systemRandom as random,
} from '@revocast/denylist/replica';
import { until } from '@revocast/test-support';
import { pino } from 'pino';
import { type RunningSidecar, startSidecar } from '../src/index.ts';

const log = pino({ level: 'silent' });
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(port = 0): Promise<RunningSidecar> {
  const sidecar = await startSidecar(
    { source: 'memory:', dataListen: `127.0.0.1:${port}`, adminListen: '127.0.0.1:0', drainMs: 0 },
    { log },
  );
  closing.push(() => sidecar.stop());
  return sidecar;
}
/** The identity that the sidecar shows. */
const identityOf = ({ adminUrl }: RunningSidecar) =>
  until(
    async () =>
      /revocast_log_info\{identity="([0-9a-f]{16})"/.exec(await (await fetch(`${adminUrl}/metrics`)).text())?.[1],
    { what: 'the identity of the log' },
  );
async function follow(url: string, expectLog?: string): Promise<{ replica: Replica; changes: string[] }> {
  const feed = await openFeed(url, { clock, random });
  const changes: string[] = [];
  const observer = {
    logIdentified(identity: string, before: string | undefined) {
      if (before !== undefined) changes.push(identity);
    },
  };
  const replica = openReplica({ feed, clock, random, expectLog, observer });
  closing.push(() => replica.close());
  return { replica, changes };
}
const isFresh = (replica: Replica) =>
  until(() => replica.status().freshness.state === 'fresh', { what: 'a fresh process' });

describe('a sidecar of another log on the port', () => {
  it('makes no process fresh that pins its log', async () => {
    const sidecar = await start();
    const { replica } = await follow(sidecar.dataUrl, '0123456789abcdef');
    await until(() => replica.status().lastError === 'wrong_log', { what: 'the refusal' });
    expect(replica.freshness.isFresh()).toBe(false);
  });

  it('serves a process that pins its own log', async () => {
    const sidecar = await start();
    const { replica } = await follow(sidecar.dataUrl, await identityOf(sidecar));
    await isFresh(replica);
  });

  it('is noticed by a process that pins nothing', async () => {
    const right = await start();
    const { replica, changes } = await follow(right.dataUrl);
    await isFresh(replica);
    await right.stop();
    const foreign = await start(Number(new URL(right.dataUrl).port));
    const identity = await identityOf(foreign);
    await until(() => changes.length > 0, { what: 'the report' });
    expect(changes).toEqual([identity]);
  });

  it('takes no revocation of a publisher that pins its log', async () => {
    const publisher = await createPublisher('memory:', { expectLog: '0123456789abcdef' });
    closing.push(() => publisher.close());
    const revocation = { issuer: 'https://login.example/', session: 's', reason: 'logout' } as const;
    await expect(publisher.revoke(revocation)).rejects.toMatchObject({ code: 'wrong_log' });
  });

  it('refuses an identity that no log can have', async () => {
    await expect(createPublisher('memory:', { expectLog: 'x' })).rejects.toMatchObject({ option: 'expectLog' });
  });
});
