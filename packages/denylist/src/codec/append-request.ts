import type { AppendRequest } from '../log/revocation-log.ts';
import { digestFromHex, digestToHex } from '../rules/digest.ts';
import { forEver } from '../rules/rule.ts';
import type { Statement } from '../rules/statement.ts';
import { decodeDetails } from './event.ts';
import { isJsonObject, type JsonObject, readVersioned } from './json.ts';

// One statement, sent to a sidecar:
//
//   {"v":1,"digest":"…","statement":{…},"details":{…},"redisReplicas":…,"broadRulesPerMinute":…}
//
// The rule of a seed: {"deniedUntil":…,"issuedUpTo":…,"stamp":…,"lifted":…}

export const appendRequestVersion = 1;

export function encodeAppendRequest({ digest, statement, broadRulesPerMinute, ...rest }: AppendRequest): string {
  return JSON.stringify({
    v: appendRequestVersion,
    digest: digestToHex(digest),
    statement: encodeStatement(statement),
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
  const statement = decodeStatement(fields.statement);
  if (statement === undefined) return 'statement: expected deny, cutoff, lift or seed with uint32 claim seconds';
  const details = decodeDetails(fields.details);
  if (details === undefined) return 'details: expected an object with an id';
  const { redisReplicas, broadRulesPerMinute } = fields;
  if (redisReplicas !== undefined && redisReplicas !== 'all' && !(isUint32(redisReplicas) && redisReplicas <= 100)) {
    return 'redisReplicas: expected 0–100 or "all"';
  }
  const limit = broadRulesPerMinute === 'any' ? Number.POSITIVE_INFINITY : broadRulesPerMinute;
  if (limit !== undefined && limit !== Number.POSITIVE_INFINITY && !(isUint32(limit) && limit >= 1)) {
    return 'broadRulesPerMinute: expected a whole number from 1, or "any"';
  }
  return { digest, statement, details, redisReplicas, broadRulesPerMinute: limit };
}

function encodeStatement(statement: Statement): object {
  if (statement.kind !== 'seed') return statement;
  const { deniedUntil, issuedUpTo, denialStamp: stamp, liftedUpTo: lifted } = statement.rule;
  return { kind: 'seed', rule: { deniedUntil, issuedUpTo, stamp, lifted } };
}

function decodeStatement(value: unknown): Statement | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, until, issuedUpTo, rule } = value;
  if (kind === 'deny' && (until === 'longest-token' || isUint32(until))) return { kind, until };
  if (kind === 'cutoff' && (issuedUpTo === 'now' || isUint32(issuedUpTo))) return { kind, issuedUpTo };
  if (kind === 'lift') return { kind };
  return kind === 'seed' && isJsonObject(rule) ? decodeSeed(rule) : undefined;
}

function decodeSeed({ deniedUntil, issuedUpTo, stamp, lifted }: JsonObject): Statement | undefined {
  return isUint32(deniedUntil) && isUint32(issuedUpTo) && isUint32(stamp) && isUint32(lifted)
    ? { kind: 'seed', rule: { deniedUntil, issuedUpTo, denialStamp: stamp, liftedUpTo: lifted } }
    : undefined;
}

function isUint32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= forEver;
}
