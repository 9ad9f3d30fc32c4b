import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { startRedis, startTestIssuer, type TestIssuer } from '@revocast/test-support';
import { type Child, startChild } from '../child.ts';
import { fillLog } from '../cold/fill-log.ts';
import { declareWhole, type Sidecar, startSidecar } from '../fleet/sidecar.ts';
import { mintTokens } from '../http/tokens.ts';
import { numberIn } from '../message.ts';
import type { AttackContext } from './attack.ts';
import { startAttacker } from './attacker.ts';

const audience = 'https://api.test';
const tokenCount = 100;

/** Redis, a sidecar, an API behind it, an issuer and an attacker. All but the issuer are separate processes. */
export interface Parts {
  readonly sidecar: Sidecar;
  readonly api: Child;
  readonly attacker: Child;
  readonly context: AttackContext;
}

/** Starts the parts, and ends them after `use`. @param rules number of rules that the sidecar holds. */
export async function withParts<Result>(rules: number, use: (parts: Parts) => Promise<Result>): Promise<Result> {
  const ends: (() => unknown)[] = [];
  const started = <Part>(part: Part, end: () => unknown): Part => {
    ends.push(end);
    return part;
  };
  try {
    const issuer = await startIssuer();
    started(issuer, () => issuer.close());
    const redis = await startRedis();
    started(redis, () => redis.stop());
    await declareWhole(redis.url);
    await fillLog(redis.url, rules);
    const sidecar = await startSidecar(redis.url, 'resident');
    started(sidecar, sidecar.end);
    const api = startChild(new URL('./api-process.js', import.meta.url));
    started(api, api.end);
    const attacker = startAttacker();
    started(attacker, attacker.end);
    const port = numberIn(await api.ask({ issuer: issuer.issuer, audience, feedUrl: sidecar.url }), 'port');
    const ports = { api: port, data: portOf(sidecar.url), admin: portOf(sidecar.adminUrl) };
    const tokens = await mintTokens(issuer, tokenCount);
    const boundToken = await issuer.sign(
      { cnf: { jkt: randomBytes(32).toString('base64url') } },
      { expiresInSeconds: 3600 },
    );
    const context = { ports, issuer: issuer.issuer, audience, tokens, boundToken };
    return await use({ sidecar, api, attacker, context });
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

/** An issuer that signs with RS256, and publishes a key of each slow curve under its name. */
async function startIssuer(): Promise<TestIssuer> {
  const issuer = await startTestIssuer({ algorithm: 'RS256', audience });
  const slow = Object.entries({ ES384: 'P-384', ES512: 'P-521' }).map(([algorithm, namedCurve]) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve });
    return { ...publicKey.export({ format: 'jwk' }), kid: algorithm, alg: algorithm, use: 'sig' };
  });
  await issuer.behave((_request, response, keys) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [...keys, ...slow] }));
  });
  return issuer;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
