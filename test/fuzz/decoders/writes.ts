import { decodeAppendRequest, encodeAppendRequest } from '../../../packages/denylist/src/codec/append-request.ts';
import { decodeRememberedLog, encodeRememberedLog } from '../../../packages/denylist/src/codec/remembered-log.ts';
import { decodeSeeds, encodeSeeds } from '../../../packages/denylist/src/codec/seeds.ts';
import { ConfigurationError } from '../../../packages/denylist/src/configuration-error.ts';
import { parseLift, parseRevocation } from '../../../packages/denylist/src/publisher/parse-revocation.ts';
import type { Decoder } from '../decoder.ts';
import { details, digest, json, rule } from './samples.ts';

/** What a publisher posts to a sidecar. */
export const appendRequest: Decoder = {
  name: 'append-request',
  seeds: [
    encodeAppendRequest({ digest, statement: { kind: 'deny', until: 'longest-token' }, details }),
    encodeAppendRequest({ digest, statement: { kind: 'cutoff', issuedUpTo: 'now' }, details, redisReplicas: 'all' }),
    encodeAppendRequest({ digest, statement: { kind: 'lift' }, details, broadRulesPerMinute: 5 }),
  ].map((text) => Buffer.from(text)),
  format: 'json',
  decode: (input) => decodeAppendRequest(input.toString('utf8')),
};

/** What a relay posts to restore rules that the log has lost. */
export const seeds: Decoder = {
  name: 'seeds',
  seeds: [Buffer.from(encodeSeeds([{ digest, rule }]))],
  format: 'json',
  decode: (input) => decodeSeeds(input.toString('utf8')),
};

/** What a sidecar reads from its state file. */
export const rememberedLog: Decoder = {
  name: 'remembered-log',
  seeds: [
    encodeRememberedLog({ epoch: 'aaaaaaaaaaaaaaaa', position: { cursor: '5-0', head: 'bbbbbbbbbbbbbbbb' } }),
    encodeRememberedLog({
      epoch: 'aaaaaaaaaaaaaaaa',
      identity: 'cccccccccccccccc',
      position: { cursor: '1767225600000-1', head: 'bbbbbbbbbbbbbbbb' },
      earlier: { cursor: '1767225590000-0', head: 'dddddddddddddddd' },
      rule: { seq: 7, cursor: '1767225580000-0', head: 'eeeeeeeeeeeeeeee' },
    }),
  ].map((text) => Buffer.from(text)),
  format: 'json',
  decode: (input) => decodeRememberedLog(input.toString('utf8')),
};

/** What a program passes to `revoke()` and `lift()`. */
export const revocation: Decoder = {
  name: 'revocation',
  seeds: [
    json({ issuer: 'https://issuer.test', token: 't-1', expiresAt: 1_900_000_000, reason: 'logout', actor: 'alice' }),
    json({ issuer: 'https://issuer.test', subject: 'alice', client: 'web', block: true }),
    json({ issuer: 'https://issuer.test', entireIssuer: true, issuedUpTo: 1_800_000_000 }),
  ],
  format: 'json',
  decode(input) {
    const value: unknown = jsonIn(input);
    try {
      return parseRevocation(value);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return parseLift(value);
    }
  },
  isExpected: (error) => error instanceof ConfigurationError,
};

/** The parser of the program, which is none of ours. */
function jsonIn(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString('utf8'));
  } catch {
    return input.toString('utf8');
  }
}
