import { createHmac } from 'node:crypto';
import { readLogoutClaims } from '../../../apps/receiver/src/signals/jwt/read-logout-token.ts';
import { readSetClaims } from '../../../apps/receiver/src/signals/jwt/read-set.ts';
import type { Reading } from '../../../apps/receiver/src/signals/signal.ts';
import type { SourceProfile } from '../../../apps/receiver/src/signals/source-profile.ts';
import { readAuth0Logs } from '../../../apps/receiver/src/signals/webhooks/auth0-log-stream.ts';
import { readOktaEventHook } from '../../../apps/receiver/src/signals/webhooks/okta-event-hook.ts';
import { readTokenRevocation } from '../../../apps/receiver/src/signals/webhooks/read-token-revocation.ts';
import { readSignedJson } from '../../../apps/receiver/src/signals/webhooks/signed-json.ts';
import { ConfigurationError } from '../../../packages/denylist/src/configuration-error.ts';
import { parseLift, parseRevocation } from '../../../packages/denylist/src/publisher/parse-revocation.ts';
import { parseSigned } from '../../../packages/middleware/src/token/compact.ts';
import type { Decoder } from '../decoder.ts';
import { json } from './samples.ts';

const nowMs = 1_800_000_000_000;
const iat = nowMs / 1000;
const issuer = 'https://issuer.test';
const source: SourceProfile = {
  name: 'fuzz',
  kind: 'ssf',
  issuer,
  audience: ['rx'],
  tokenIssuers: [issuer],
  allow: { block: true, lift: true, tenant: true },
  events: {},
  opaqueSubject: 'subject',
  subjectInTokens: true,
  sessionInTokens: true,
  legacy: true,
  mapping: {
    events: '/events',
    type: '/type',
    id: '/id',
    time: '/at',
    rules: {
      out: { action: 'end', session: '/session' },
      off: { action: 'block', subject: '/user', client: '/client' },
      on: { action: 'lift', subject: '/user' },
    },
  },
};
const context = { source, nowMs };

/** Whatever is accepted must be something that the log takes. @returns undefined for a message that is refused. */
function checked(reading: Reading): Reading | undefined {
  if (reading.outcome !== 'accepted') return undefined;
  for (const { effects, occurredAtMs } of reading.signals) {
    if (effects.length === 0 || !(occurredAtMs <= nowMs)) throw new Error('a signal without effects, or of the future');
    for (const effect of effects) {
      if (effect.kind === 'revoke' || effect.kind === 'block') log(() => parseRevocation(effect.revocation));
      if (effect.kind === 'lift') log(() => parseLift(effect.lift));
    }
  }
  return reading;
}

/** The error of the log would quote no input, but it is a fault of the reader: it must not count as expected. */
function log(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    throw new Error(`the log refuses it: ${error instanceof ConfigurationError ? error.message : 'another error'}`);
  }
}

const uri = (type: string) => `https://schemas.openid.net/secevent/${type}`;
const user = { format: 'iss_sub', iss: issuer, sub: 'alice' };
const set = { iss: issuer, aud: 'rx', jti: 'set-1', iat };
const compact = (claims: object) =>
  Buffer.from(
    [{ alg: 'ES256', kid: 'k', typ: 'secevent+jwt' }, claims, {}]
      .map((part) => json(part).toString('base64url'))
      .join('.'),
  );

/** A Security Event Token after its signature was found right: the claims are the sender's. */
export const securityEventToken: Decoder = {
  name: 'security-event-token',
  seeds: [
    {
      ...set,
      sub_id: user,
      events: { [uri('caep/event-type/session-revoked')]: { event_timestamp: nowMs, initiating_entity: 'user' } },
    },
    {
      ...set,
      aud: ['rx'],
      toe: iat - 5,
      events: {
        [uri('risc/event-type/account-disabled')]: { subject: { subject_type: 'iss-sub', iss: issuer, sub: 'a' } },
      },
    },
    {
      ...set,
      sub_id: {
        format: 'complex',
        user,
        session: { format: 'opaque', id: 's' },
        application: { format: 'opaque', id: 'web' },
      },
      events: { [uri('caep/event-type/credential-change')]: { credential_type: 'password', change_type: 'update' } },
    },
    {
      ...set,
      sub_id: {
        format: 'aliases',
        identifiers: [user, { format: 'email', email: 'a@b.c' }, { format: 'jwt_id', iss: issuer, jti: 'j' }],
      },
      events: { [uri('risc/event-type/account-enabled')]: {} },
    },
    {
      ...set,
      events: {
        [uri('ssf/event-type/verification')]: { state: 's' },
        [uri('ssf/event-type/stream-updated')]: { status: 'paused' },
      },
    },
  ].map(compact),
  format: 'token',
  decode(input) {
    const parsed = parseSigned(input.toString('latin1'), 65_536);
    return parsed.ok ? checked(readSetClaims(parsed.payload, context)) : undefined;
  },
};

/** A logout token after its signature was found right. */
export const logoutToken: Decoder = {
  name: 'logout-token',
  seeds: [
    {
      ...set,
      exp: iat + 120,
      sub: 'alice',
      sid: 's',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    },
    { ...set, sub: 'alice', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
  ].map(compact),
  format: 'token',
  decode(input) {
    const parsed = parseSigned(input.toString('latin1'), 65_536);
    return parsed.ok ? checked(readLogoutClaims(parsed.payload, context)) : undefined;
  },
};

/** The body of a Global Token Revocation request. */
export const tokenRevocation: Decoder = {
  name: 'token-revocation',
  seeds: [json({ sub_id: user }), json({ subject: { format: 'email', email: 'a@b.c' } })],
  format: 'json',
  decode: (input) => checked(readTokenRevocation(input, context)),
};

export const oktaEventHook: Decoder = {
  name: 'okta-event-hook',
  seeds: ['user.lifecycle.suspend', 'user.session.end', 'user.account.update_password'].map((eventType) =>
    json({
      data: {
        events: [
          {
            uuid: 'u',
            published: '2026-11-30T10:00:00.000Z',
            eventType,
            outcome: { result: 'SUCCESS' },
            actor: { type: 'User', id: 'b' },
            target: [{ type: 'User', id: 'a' }],
          },
        ],
      },
    }),
  ),
  format: 'json',
  decode: (input) => checked(readOktaEventHook(input, context)),
};

const patch = { method: 'patch', path: '/api/v2/users/auth0%7Calice', body: { blocked: true } };

export const auth0LogStream: Decoder = {
  name: 'auth0-log-stream',
  seeds: [
    json([{ log_id: 'l', data: { type: 'scp', date: '2026-11-30T10:00:00.000Z', user_id: 'auth0|a' } }]),
    json({ log_id: 'l', data: { type: 'sapi', date: '2026-11-30T10:00:00.000Z', details: { request: patch } } }),
  ],
  format: 'json',
  decode: (input) => checked(readAuth0Logs(input, context)),
};

/** The body is read twice: with its own start as the header, and with a right signature. */
export const signedJson: Decoder = {
  name: 'signed-json',
  seeds: [
    json({
      events: [
        { type: 'out', id: 1, at: iat, session: 's' },
        { type: 'off', id: 'b', at: '2026-11-30T10:00:00Z', user: 'a', client: 'web' },
      ],
    }),
  ],
  format: 'json',
  decode(body) {
    const secret = Buffer.from('a secret for the fuzzer');
    readSignedJson({ body, header: body.toString('latin1').slice(0, 1100), secrets: [secret] }, context);
    const header = `t=${iat},v1=${createHmac('sha256', secret).update(`${iat}.`).update(body).digest('hex')}`;
    return checked(readSignedJson({ body, header, secrets: [secret] }, context));
  },
};
