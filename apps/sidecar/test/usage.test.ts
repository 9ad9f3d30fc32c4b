import { afterEach, describe, expect, it } from '@jest/globals';
import { startRedis, until } from '@revocast/test-support';
import { pino } from 'pino';
import { type ConfigInput, type RunningSidecar, startSidecar } from '../src/index.ts';

const log = pino({ level: 'silent' });
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(input: ConfigInput): Promise<RunningSidecar> {
  const listeners = { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 };
  const sidecar = await startSidecar({ ...listeners, ...input }, { log });
  cleanUps.push(() => sidecar.stop());
  return sidecar;
}

const digest = (letter: string) => letter.repeat(22);

async function report({ dataUrl }: RunningSidecar, subject: string, clientClass: string): Promise<number> {
  const body = JSON.stringify({ v: 1, subjects: [digest(subject)], tokens: { [clientClass]: [digest(subject)] } });
  return (await fetch(`${dataUrl}/v1/usage`, { method: 'POST', body })).status;
}

async function figures({ adminUrl }: RunningSidecar): Promise<readonly string[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text.match(/^revocast_(active_subjects|tokens_seen)\{.*$/gm) ?? [];
}

describe('given a sidecar over Redis and a relay below it', () => {
  it('counts a subject that is reported to both once, and shows it at the upper sidecar', async () => {
    const redis = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } });
    cleanUps.push(() => redis.stop());
    const upper = await start({ source: redis.url, clientClasses: ['browser'] });
    // A relay needs no classes.
    const relay = await start({ source: upper.dataUrl });
    expect({ upper: await figures(upper), relay: await figures(relay) }).toEqual({ upper: [], relay: [] });
    const statuses = [
      await report(upper, 'a', 'browser'),
      await report(relay, 'a', 'browser'),
      await report(relay, 'b', 'browser'),
      await report(relay, 'c', 'foreign'),
    ];
    expect(statuses).toEqual([204, 204, 204, 204]);
    await until(async () => (await figures(upper)).includes('revocast_active_subjects{period="month"} 3'), {
      what: 'the figures',
      timeoutMs: 30_000,
    });
    expect(await figures(upper)).toEqual([
      'revocast_active_subjects{period="day"} 3',
      'revocast_active_subjects{period="month"} 3',
      'revocast_tokens_seen{client_class="browser",period="day"} 2',
      'revocast_tokens_seen{client_class="other",period="day"} 1',
      'revocast_tokens_seen{client_class="unknown",period="day"} 0',
    ]);
    expect(await figures(relay)).toEqual([]);
  }, 60_000);
});

describe('given a sidecar over an embedded log, and a relay below it', () => {
  it('counts no usage, and both answer 404', async () => {
    const upper = await start({ source: 'memory:' });
    const relay = await start({ source: upper.dataUrl });
    const statuses = { upper: await report(upper, 'a', 'browser'), relay: await report(relay, 'a', 'browser') };
    expect(statuses).toEqual({ upper: 404, relay: 404 });
    expect(await figures(upper)).toEqual([]);
  });
});
