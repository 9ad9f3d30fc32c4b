import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeSeeds, maxSeeds } from '../../../src/codec/seeds.ts';
import { createHttpLog } from '../../../src/http/client/log.ts';
import { createHttpReseed } from '../../../src/http/client/reseed.ts';
import type { LostRule } from '../../../src/log/revocation-log.ts';
import type { Reseed } from '../../../src/replication/reseed.ts';
import { restartDigest } from '../../../src/rules/log-restart.ts';
import { emptyRule } from '../../../src/rules/rule.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const held = (count: number): LostRule[] =>
  Array.from({ length: count }, (_, index) => ({
    digest: Uint32Array.of(index, 0, 0, 0),
    rule: { ...emptyRule, issuedUpTo: index },
  }));

describe('re-seeding the sidecar that a relay follows', () => {
  let server: ScriptedServer;
  let reseed: Reseed;
  let status: number;
  let refusedOf: (sent: number) => number;
  const requests: (LostRule[] | string)[] = [];
  const stop = new AbortController();
  beforeEach(async () => {
    status = 200;
    refusedOf = () => 0;
    requests.length = 0;
    server = await startScriptedServer(async (request, response) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const rules = decodeSeeds(Buffer.concat(chunks).toString('utf8'));
      requests.push(rules);
      const refused = refusedOf(rules.length);
      response.writeHead(status).end(JSON.stringify({ restored: rules.length - refused, refused }));
    });
    reseed = createHttpReseed(createHttpLog(server.source, { clock: systemClock }));
  });
  afterEach(() => server.close());

  it('sends all rules, in requests of a bounded size', async () => {
    const rules = held(maxSeeds + 2);
    expect(await reseed.append(rules, stop.signal)).toBe(rules.length);
    expect(requests).toEqual([rules.slice(0, maxSeeds), rules.slice(maxSeeds)]);
  });

  it('sends no more once it is stopped', async () => {
    expect(await reseed.append(held(1), AbortSignal.abort())).toBe(0);
    expect(requests).toEqual([]);
  });

  it('leaves the restart of the log to those who follow the log itself', async () => {
    const [rule] = held(1);
    await reseed.append([{ digest: restartDigest, rule: emptyRule }, ...held(1)], stop.signal);
    expect(requests).toEqual([[rule]]);
    expect(reseed.endRestart).toBeUndefined();
  });

  it('goes on after a refusal, and does not count it as done', async () => {
    refusedOf = (sent) => (sent === maxSeeds ? 1 : 0);
    await expect(reseed.append(held(maxSeeds + 1), stop.signal)).rejects.toMatchObject({ code: 'refused' });
    expect(requests).toHaveLength(2);
  });

  it.each([
    [401, /relay token/],
    [403, /relay token/],
    [503, /answered 503/],
  ])('does not count an answer with status %d as done', async (answered, message) => {
    status = answered;
    await expect(reseed.append(held(1), stop.signal)).rejects.toThrow(message);
  });
});
