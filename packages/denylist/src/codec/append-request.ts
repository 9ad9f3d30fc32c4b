import type { AppendRequest } from '../log/revocation-log.ts';
import { digestFromHex, digestToHex } from '../rules/digest.ts';
import type { Statement } from '../rules/statement.ts';
import { decodeDetails } from './event.ts';
import { isObject, readVersioned } from './versioned-json.ts';

// One statement on its way to a sidecar:
// {"v":1,"digest":"…","statement":{…},"details":{…},"redisReplicas":…,"broadRulesPerMinute":…}

export const appendRequestVersion = 1;

export function encodeAppendRequest({ digest, statement, broadRulesPerMinute, ...rest }: AppendRequest): string {
  // JSON has no Infinity.
  const broad = broadRulesPerMinute === Number.POSITIVE_INFINITY ? 'any' : broadRulesPerMinute;
  return JSON.stringify({
    v: appendRequestVersion,
    digest: digestToHex(digest),
    statement: encodeStatement(statement),
    ...rest,
    broadRulesPerMinute: broad,
  });
}

/** @returns what is wrong, in words for the caller, when it cannot be read. */
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
  const broad = broadRulesPerMinute === 'any' ? Number.POSITIVE_INFINITY : broadRulesPerMinute;
  if (broad !== undefined && broad !== Number.POSITIVE_INFINITY && !(isUint32(broad) && broad >= 1)) {
    return 'broadRulesPerMinute: expected a whole number from 1, or "any"';
  }
  return {
    digest,
    statement,
    details,
    redisReplicas,
    broadRulesPerMinute: broad,
  };
}

/** The wire names the last two numbers of a rule `stamp` and `lifted`. */
function encodeStatement(statement: Statement): object {
  if (statement.kind !== 'seed') return statement;
  const { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } = statement.rule;
  return { kind: 'seed', rule: { deniedUntil, issuedUpTo, stamp: denialStamp, lifted: liftedUpTo } };
}

function decodeStatement(value: unknown): Statement | undefined {
  if (!isObject(value)) return undefined;
  switch (value.kind) {
    case 'deny':
      return value.until === 'longest-token' || isUint32(value.until)
        ? { kind: 'deny', until: value.until }
        : undefined;
    case 'cutoff':
      return value.issuedUpTo === 'now' || isUint32(value.issuedUpTo)
        ? { kind: 'cutoff', issuedUpTo: value.issuedUpTo }
        : undefined;
    case 'lift':
      return { kind: 'lift' };
    case 'seed': {
      if (!isObject(value.rule)) return undefined;
      const { deniedUntil, issuedUpTo, stamp: denialStamp, lifted: liftedUpTo } = value.rule;
      return isUint32(deniedUntil) && isUint32(issuedUpTo) && isUint32(denialStamp) && isUint32(liftedUpTo)
        ? { kind: 'seed', rule: { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } }
        : undefined;
    }
    default:
      return undefined;
  }
}

function isUint32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
