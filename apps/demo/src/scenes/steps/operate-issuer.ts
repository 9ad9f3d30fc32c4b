import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JWK, SignJWT } from 'jose';
import { parseObject, readClaims } from '../../client/tokens.ts';
import { parsePrometheusText, sumOf } from '../../report/prometheus-text.ts';
import type { Stage } from '../scene.ts';

/** The operator rotates the signing key. @returns the kid of the new one. */
export async function rotateSigningKey({ send, world }: Stage): Promise<string> {
  const { status, body } = await send(`${world.operatorUrl}/keys`, { method: 'POST' });
  if (status !== 201) throw new Error(`the issuer answered the rotation with status ${status}; expected 201`);
  return String(parseObject(body)['kid']);
}

/** The operator reports a key as leaked. */
export async function reportLeakedKey({ send, world }: Stage, kid: string): Promise<void> {
  const { status } = await send(`${world.operatorUrl}/keys/${kid}/leaked`, { method: 'POST' });
  if (status !== 204) throw new Error(`the issuer answered the report with status ${status}; expected 204`);
}

/** The number of revocations that the issuer has noted and the log does not have yet. */
export async function countPending({ send, world }: Stage): Promise<number> {
  const { status, body } = await send(`${world.operatorUrl}/metrics`);
  if (status !== 200) throw new Error(`the issuer answered a scrape with status ${status}; expected 200`);
  return sumOf(parsePrometheusText(body), 'revocast_outbox_pending');
}

/** The kid of the key that signed a token. */
export function kidOf(accessToken: string): string {
  const header = parseObject(Buffer.from(accessToken.split('.')[0] ?? '', 'base64url').toString('utf8'));
  return String(header['kid']);
}

/** Signs a token with a leaked private key, for a user that does not exist. */
export async function forgeToken({ world, wallMs }: Stage, kid: string, model: string): Promise<string> {
  const file = await readFile(join(world.keyFolder, `${kid}.jwk.json`), 'utf8');
  const key = parseObject(file) as JWK; // the issuer wrote this file as a JWK
  const nowSeconds = Math.floor(wallMs() / 1000);
  const claims = {
    ...readClaims(model),
    sub: 'mallory',
    sid: 'forged',
    grant_id: 'forged',
    jti: `forged-${nowSeconds}`,
  };
  return await new SignJWT({ ...claims, iat: nowSeconds, exp: nowSeconds + 900 })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .sign(key);
}
