import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Effect, Reading, SignalKeys, SourceProfile } from '../../src/signals/index.ts';

/** 2026-11-30. */
export const nowMs = 1_796_000_000_000;
export const now = nowMs / 1000;
export const issuer = 'https://idp.example.com';
export const tokenIssuer = 'https://idp.example.com/oauth2/default';
export const audience = 'https://rx.example.com';

export const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
export const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
export const oauth = 'https://schemas.openid.net/secevent/oauth/event-type/';
export const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/';
export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

export const everything = { block: true, lift: true, tenant: true };

export function profile(changes: Partial<SourceProfile> = {}): SourceProfile {
  return {
    name: 'test',
    kind: 'ssf',
    issuer,
    audience: [audience],
    tokenIssuers: [issuer],
    allow: { block: false, lift: false, tenant: false },
    events: {},
    opaqueSubject: 'off',
    subjectInTokens: true,
    sessionInTokens: true,
    legacy: false,
    ...changes,
  };
}

export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ed = generateKeyPairSync('ed25519');
export const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const listed: Readonly<Record<string, { readonly key: KeyObject; readonly algorithms: readonly string[] }>> = {
  ec: { key: ec.publicKey, algorithms: ['ES256'] },
  rsa: { key: rsa.publicKey, algorithms: ['RS256', 'PS256'] },
  ed: { key: ed.publicKey, algorithms: ['EdDSA', 'Ed25519'] },
};

/** The key set of the issuer. It counts the look-ups: a message of another issuer must cause none. */
export function keySet(): SignalKeys & { readonly asked: { count: number } } {
  const asked = { count: 0 };
  return {
    asked,
    findKey({ kid, alg }) {
      asked.count += 1;
      const key = kid === undefined ? undefined : listed[kid];
      if (kid === undefined) return { outcome: 'rejected', reason: 'missing_kid' };
      if (key === undefined) return { outcome: 'rejected', reason: 'unknown_kid' };
      if (!key.algorithms.includes(alg)) return { outcome: 'rejected', reason: 'alg_not_allowed' };
      return { outcome: 'found', key };
    },
  };
}

const base64url = (value: string | Uint8Array) => Buffer.from(value).toString('base64url');

/** Signs whatever is given; `alg` of the header selects the key. */
export function signed(
  header: Readonly<Record<string, unknown>>,
  claims: unknown,
  { key }: { readonly key?: KeyObject } = {},
): string {
  const alg = String(header['alg']);
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims);
  const input = `${base64url(JSON.stringify(header))}.${base64url(payload)}`;
  const bytes = Buffer.from(input);
  if (alg === 'RS256') return `${input}.${base64url(sign('sha256', bytes, key ?? rsa.privateKey))}`;
  if (alg === 'PS256') {
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    return `${input}.${base64url(sign('sha256', bytes, { key: key ?? rsa.privateKey, ...pss }))}`;
  }
  if (alg === 'EdDSA') return `${input}.${base64url(sign(null, bytes, key ?? ed.privateKey))}`;
  return `${input}.${base64url(sign('sha256', bytes, { key: key ?? ec.privateKey, dsaEncoding: 'ieee-p1363' }))}`;
}

export const setHeader = { typ: 'secevent+jwt', alg: 'ES256', kid: 'ec' };
export const logoutHeader = { typ: 'logout+jwt', alg: 'ES256', kid: 'ec' };

/** The claims of a SET with one event. */
export function set(
  uri: string,
  { event = {}, ...claims }: { readonly event?: object; readonly [claim: string]: unknown } = {},
) {
  return { iss: issuer, aud: audience, jti: 'set-1', iat: now, events: { [uri]: event }, ...claims };
}

export function user(sub = 'alice', iss = issuer) {
  return { format: 'iss_sub', iss, sub };
}

export const bytes = (text: string) => Buffer.from(text);

/** One line for each effect, so that a table of expectations can be read. */
export function outcomeOf(reading: Reading): readonly string[] | string {
  if (reading.outcome === 'refused') return reading.reason;
  if (reading.outcome === 'unavailable') return `unavailable ${reading.status}`;
  return reading.signals.flatMap(({ effects }) => effects.map(lineOf));
}

/** Issuers are left out where they are the usual one. */
export function lineOf(effect: Effect): string {
  switch (effect.kind) {
    case 'revoke': {
      const { reason, issuedUpTo, ...target } = effect.revocation;
      const time = issuedUpTo === undefined ? '' : ` up to ${issuedUpTo - now}`;
      const notes = [effect.isWidened ? 'widened' : [], effect.isLate ? 'late' : []].flat();
      return [`end ${targetOf(target)}${time} (${reason})`, ...notes].join(', ');
    }
    case 'block':
      return `block ${targetOf(effect.revocation)} (${effect.revocation.reason})`;
    case 'lift':
      return `lift ${targetOf(effect.lift)}`;
    case 'resolve': {
      const { format, ...members } = effect.identifier;
      const then = `then ${effect.action.kind}`;
      const at = effect.client === undefined ? '' : ` at ${effect.client}`;
      return `resolve ${String(format)} ${Object.values(members).join(' ')}${at}, ${then}${effect.isWidened ? ', widened' : ''}`;
    }
    case 'verification':
      return `verification ${effect.state ?? 'without state'}`;
    case 'stream_updated':
      return `stream ${effect.status}`;
    case 'ignored':
      return `ignored: ${effect.reason}${effect.isLate ? ', late' : ''}`;
  }
}

function targetOf(target: object): string {
  const names = ['session', 'token', 'subject', 'client', 'tenant', 'issuer'];
  return Object.entries(target)
    .filter(([name, value]) => names.includes(name) && value !== issuer)
    .sort(([a], [b]) => names.indexOf(a) - names.indexOf(b))
    .map(([name, value]) => `${name} ${value}`)
    .join(' ');
}
