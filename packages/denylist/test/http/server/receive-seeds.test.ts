import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeSeeds, maxSeeds } from '../../../src/codec/seeds.ts';
import { receiveSeeds } from '../../../src/http/server/receive-seeds.ts';
import { LogError, type LostRule, type RevocationLog } from '../../../src/log/revocation-log.ts';
import type { Digest } from '../../../src/rules/digest.ts';
import { restartDigest } from '../../../src/rules/log-restart.ts';
import { emptyRule, forEver, type Rule, stampCeiling } from '../../../src/rules/rule.ts';

const now = 1_767_225_600;
const seed = (rule: Partial<Rule>, digest: Digest = Uint32Array.of(1, 0, 0, 0)): LostRule => ({
  digest,
  rule: { ...emptyRule, ...rule },
});
const denial = seed({ deniedUntil: forEver, denialStamp: now });

describe('rules that a relay brings back', () => {
  let server: Server;
  let restored: LostRule[];
  let failure: unknown;
  let logNowMs: number | undefined;
  beforeEach(async () => {
    restored = [];
    failure = undefined;
    logNowMs = now * 1000;
    const restore: RevocationLog['restore'] = async (rules) => {
      if (failure !== undefined) throw failure;
      restored.push(...rules);
      return { restored: rules.filter(({ digest }) => digest[0] !== 9).length, refused: 0 };
    };
    server = createServer((request, response) => {
      void receiveSeeds(request, response, { log: { restore }, logNowMs: () => logNowMs });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.close();
  });

  const send = async (body: string) => {
    const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
    const response = await fetch(`http://127.0.0.1:${port}/v1/seeds`, { method: 'POST', body });
    return { status: response.status, body: await response.json() };
  };

  it('are merged into the log, and those that it had already are not counted', async () => {
    const known = seed({ issuedUpTo: 5 }, Uint32Array.of(9, 0, 0, 0));
    const answer = await send(encodeSeeds([denial, known]));
    expect(answer).toEqual({ status: 200, body: { restored: 1, refused: 0 } });
    expect(restored).toEqual([denial, known]);
  });

  it.each<[string, LostRule, boolean]>([
    ['a cutoff 60 s ahead of the log', seed({ issuedUpTo: now + 60 }), true],
    ['a cutoff further ahead, which would deny tokens of the future', seed({ issuedUpTo: now + 61 }), false],
    ['a cutoff at the end of uint32', seed({ issuedUpTo: forEver }), false],
    ['a denial stamped while the log was hours ahead', seed({ deniedUntil: forEver, denialStamp: now + 10_000 }), true],
    ['the lift of such a denial', seed({ denialStamp: now + 10_000, liftedUpTo: now + 10_000 }), true],
    ['a lift of nothing, 60 s ahead', seed({ liftedUpTo: now + 60 }), true],
    ['a lift beyond every denial, which would end those of the future', seed({ liftedUpTo: now + 61 }), false],
    ['a stamp at the ceiling, which no lift could end', seed({ deniedUntil: 5, denialStamp: stampCeiling }), false],
    ['a lift at the ceiling', seed({ denialStamp: stampCeiling, liftedUpTo: stampCeiling }), false],
    ['the restart of the log', seed({ liftedUpTo: now }, restartDigest), false],
  ])('are bounded: %s', async (_name, one, isTaken) => {
    const answer = await send(encodeSeeds([one, denial]));
    expect(answer.body).toEqual({ restored: isTaken ? 2 : 1, refused: isTaken ? 0 : 1 });
    // A refusal does not stop those behind it.
    expect(restored.at(-1)).toEqual(denial);
  });

  it('are judged by the clock of the log, and not before that is known', async () => {
    logNowMs = undefined;
    expect(await send(encodeSeeds([denial]))).toMatchObject({ status: 503, body: { error: 'not_ready' } });
    expect(restored).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['no list', '{"v":1,"rules":5}'],
    ['a row with half a rule', `{"v":1,"rules":[["${'0'.repeat(32)}",1,2,3]]}`],
    ['a number above uint32', `{"v":1,"rules":[["${'0'.repeat(32)}",1,2,3,${2 ** 32}]]}`],
    ['another version', '{"v":2,"rules":[]}'],
    ['too many', encodeSeeds(Array.from({ length: maxSeeds + 1 }, () => denial))],
  ])('that cannot be read are refused as a whole: %s', async (_name, body) => {
    expect(await send(body)).toMatchObject({ status: 400, body: { error: 'malformed_request' } });
    expect(restored).toEqual([]);
  });

  it('say what the log says when it fails', async () => {
    failure = new LogError('unavailable', 'nothing was revoked: Redis is away');
    expect(await send(encodeSeeds([denial]))).toMatchObject({ status: 503, body: { error: 'unavailable' } });
  });
});
