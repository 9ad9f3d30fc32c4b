import { isJsonObject, type JsonObject } from '../codec/json.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { type Dimension, type DimensionValue, type RevocationReason, revocationReasons } from '../rules/revocation.ts';
import { forEver, ruleMarginSeconds } from '../rules/rule.ts';
import type { Statement } from '../rules/statement.ts';
import { unexpected } from './unexpected.ts';

/** A checked revocation: the value that it names, the statement about it, and the reason. */
interface ParsedRevocation {
  readonly value: DimensionValue;
  readonly statement: Statement;
  readonly reason: RevocationReason;
  readonly actor?: string;
}

const targetKeys = ['token', 'session', 'grant', 'subject', 'client', 'tenant', 'key', 'entireIssuer'] as const;
const revocationKeys = [...targetKeys, 'issuer', 'reason', 'expiresAt', 'issuedUpTo', 'block', 'actor'];
const maxValueLength = 4096;

/** Names of claims and of other libraries, and the field for the same value. */
const fieldOfClaim: ReadonlyMap<string, string> = new Map([
  ['iss', 'issuer'],
  ['jti', 'token'],
  ['tokenId', 'token'],
  ['uti', 'token'],
  ['sid', 'session'],
  ['sessionId', 'session'],
  ['grantId', 'grant'],
  ['origin_jti', 'grant'],
  ['sub', 'subject'],
  ['userId', 'subject'],
  ['user', 'subject'],
  ['client_id', 'client'],
  ['clientId', 'client'],
  ['azp', 'client'],
  ['tid', 'tenant'],
  ['tenantId', 'tenant'],
  ['org_id', 'tenant'],
  ['kid', 'key'],
  ['exp', 'expiresAt'],
]);

/** @throws ConfigurationError with the field, what was expected, and the type of what was found. Never its value. */
export function parseRevocation(input: unknown): ParsedRevocation {
  const fields = readObject(input, revocationKeys);
  const value = readTarget(fields);
  const reason = revocationReasons.find((known) => known === fields.reason);
  if (reason === undefined) throw unexpected('reason', `one of ${revocationReasons.join(', ')}`, fields.reason);
  const { actor } = fields;
  if (actor !== undefined && !(typeof actor === 'string' && /^[\x20-\x7e]{1,128}$/.test(actor))) {
    throw unexpected('actor', '1–128 printable ASCII characters', actor);
  }
  return { value, statement: readStatement(value.dimension, fields), reason, actor };
}

/**
 * The value whose denial ends, or the id of the revocation that denied it.
 *
 * @throws ConfigurationError
 */
export function parseLift(input: unknown): DimensionValue | { readonly id: string } {
  if (!isJsonObject(input) || !('id' in input))
    return readTarget(readObject(input, [...targetKeys, 'issuer', 'actor']));
  const { id } = readObject(input, ['id', 'actor']);
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(id)) {
    throw unexpected('id', '1–128 printable ASCII characters without spaces', id);
  }
  return { id };
}

function readObject(fields: unknown, known: readonly string[]): JsonObject {
  if (!isJsonObject(fields)) throw unexpected('revocation', 'an object', fields);
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const ours = fieldOfClaim.get(unknown);
    const hint = ours !== undefined && known.includes(ours) ? `; the field for it is ${ours}` : '';
    throw new ConfigurationError(
      'revocation',
      `expected only the fields ${known.join(', ')}, found the unknown field ${JSON.stringify(unknown)}${hint}`,
    );
  }
  return fields;
}

function readTarget(fields: JsonObject): DimensionValue {
  const issuer = readName(fields, 'issuer');
  // A field that is present but undefined is a bug in the caller. Ignoring it would revoke more than was meant.
  const given = targetKeys.filter((key) => key in fields);
  const isPair = given.length === 2 && given.includes('subject') && given.includes('client');
  if (isPair) {
    return { dimension: 'subject_client', issuer, value: [readName(fields, 'subject'), readName(fields, 'client')] };
  }
  const [target] = given;
  if (target === undefined || given.length > 1) {
    throw new ConfigurationError(
      'revocation',
      `expected exactly one of ${targetKeys.join(', ')} (or subject with client), found ${given.join(' and ') || 'none'}`,
    );
  }
  if (target !== 'entireIssuer') return { dimension: target, issuer, value: readName(fields, target) };
  if (fields.entireIssuer !== true) throw unexpected('entireIssuer', 'true', fields.entireIssuer);
  return { dimension: 'issuer', issuer, value: issuer };
}

/** The statement that a revocation makes; each dimension has its own default. */
function readStatement(dimension: Dimension, fields: JsonObject): Statement {
  const expiresAt = readSeconds(fields, 'expiresAt');
  const issuedUpTo = readSeconds(fields, 'issuedUpTo');
  const { block } = fields;
  if (block !== undefined && typeof block !== 'boolean') throw unexpected('block', 'true or false', block);
  const denyAll = dimension === 'token' || dimension === 'session' || dimension === 'grant' || dimension === 'key';
  if (issuedUpTo !== undefined) {
    if (denyAll || block === true) {
      throw new ConfigurationError(
        'issuedUpTo',
        `expected none: a ${denyAll ? dimension : 'block'} denies every token, so a cutoff has no meaning`,
      );
    }
    return { kind: 'cutoff', issuedUpTo };
  }
  if (dimension === 'token') {
    // The verifier accepts a token until `exp` plus its tolerance, so the rule ends later than `exp` by the margin.
    return {
      kind: 'deny',
      until: expiresAt === undefined ? 'longest-token' : Math.min(expiresAt + ruleMarginSeconds, forEver - 1),
    };
  }
  // With a stolen key an attacker can sign any `iat`, so a cutoff would not help: a key can only be blocked.
  if (block === true || dimension === 'key') return { kind: 'deny', until: expiresAt ?? forEver };
  // All tokens are denied for as long as a token may live, because a cutoff would miss the token of a refresh in flight.
  if (denyAll) return { kind: 'deny', until: expiresAt ?? 'longest-token' };
  if (expiresAt !== undefined) {
    throw new ConfigurationError(
      'expiresAt',
      `expected none: a cutoff of a ${dimension} does not end; set block: true for a denial that ends`,
    );
  }
  return { kind: 'cutoff', issuedUpTo: 'now' };
}

function readName(fields: JsonObject, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '' || value.length > maxValueLength) {
    throw unexpected(key, `a string of 1–${maxValueLength} characters`, value);
  }
  return value;
}

function readSeconds(fields: JsonObject, key: string): number | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value > forEver) {
    throw new ConfigurationError(key, 'expected claim seconds since 1970, found a number that looks like milliseconds');
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0) {
    throw unexpected(key, 'claim seconds since 1970, a positive whole number', value);
  }
  return value;
}
