import { isIdentity } from '../log/expect-log.ts';
import type { AppendRequest } from '../log/revocation-log.ts';
import { digestFromHex, digestToHex, sameDigest } from '../rules/digest.ts';
import { restartDigest } from '../rules/log-restart.ts';
import type { Statement } from '../rules/statement.ts';
import { decodeDetails } from './event.ts';
import { isJsonObject, readVersioned } from './json.ts';
import { isUint32 } from './seeds.ts';

// One statement, sent to a sidecar:
//
//   {"v":1,"digest":"…","statement":{…},"details":{…},"redisReplicas":…,"broadRulesPerMinute":…,"expectLog":"…"}
//
// Lost rules are no statement: see seeds.ts.

export const appendRequestVersion = 1;

export function encodeAppendRequest({ digest, statement, broadRulesPerMinute, ...rest }: AppendRequest): string {
  return JSON.stringify({
    v: appendRequestVersion,
    digest: digestToHex(digest),
    statement,
    ...rest,
    // JSON has no Infinity.
    broadRulesPerMinute: broadRulesPerMinute === Number.POSITIVE_INFINITY ? 'any' : broadRulesPerMinute,
  });
}

/** @returns what is wrong, for the sender, when the request cannot be read. */
export function decodeAppendRequest(text: string): AppendRequest | string {
  const fields = readVersioned(text, appendRequestVersion);
  if (typeof fields === 'string') return fields;
  const digest = typeof fields.digest === 'string' ? digestFromHex(fields.digest) : undefined;
  if (digest === undefined) return 'digest: expected 32 hex digits';
  // No value has this digest. Under it the log keeps its restart, and only those who follow the log itself may end that.
  if (sameDigest(digest, restartDigest)) return 'digest: expected that of a value, found the one of the restart';
  const statement = decodeStatement(fields.statement);
  if (statement === undefined) return 'statement: expected deny, cutoff or lift with uint32 claim seconds';
  const details = decodeDetails(fields.details);
  if (details === undefined) return 'details: expected an object with an id of 1–128 printable ASCII characters';
  const { redisReplicas, broadRulesPerMinute } = fields;
  if (redisReplicas !== undefined && redisReplicas !== 'all' && !(isUint32(redisReplicas) && redisReplicas <= 100)) {
    return 'redisReplicas: expected 0–100 or "all"';
  }
  const limit = broadRulesPerMinute === 'any' ? Number.POSITIVE_INFINITY : broadRulesPerMinute;
  if (limit !== undefined && limit !== Number.POSITIVE_INFINITY && !(isUint32(limit) && limit >= 1)) {
    return 'broadRulesPerMinute: expected a whole number from 1, or "any"';
  }
  const { expectLog } = fields;
  if (expectLog !== undefined && !isIdentity(expectLog)) return 'expectLog: expected 16 hex digits';
  return { digest, statement, details, redisReplicas, broadRulesPerMinute: limit, expectLog };
}

function decodeStatement(value: unknown): Statement | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, until, issuedUpTo, clock } = value;
  if (kind === 'deny' && (until === 'longest-token' || isUint32(until))) return { kind, until };
  if (kind === 'cutoff' && (issuedUpTo === 'now' || isUint32(issuedUpTo))) {
    return { kind, issuedUpTo, clock: clock === 'issuer' && issuedUpTo !== 'now' ? clock : undefined };
  }
  return kind === 'lift' ? { kind } : undefined;
}
