import { ConfigurationError } from '../configuration-error.ts';
import { type Dimension, type DimensionValue, type RevocationReason, revocationReasons } from '../rules/revocation.ts';
import { forEver, ruleMarginSeconds } from '../rules/rule.ts';
import type { Statement } from '../rules/statement.ts';

/** A revocation as checked: what it names, what it says, why. */
export interface ParsedRevocation {
  readonly value: DimensionValue;
  readonly statement: Statement;
  readonly reason: RevocationReason;
  readonly actor?: string;
}

const targetKeys = ['token', 'session', 'grant', 'subject', 'client', 'tenant', 'key', 'entireIssuer'] as const;
const revocationKeys = [...targetKeys, 'issuer', 'reason', 'expiresAt', 'issuedUpTo', 'block', 'actor'];
const maxValueLength = 4096;

/** @throws ConfigurationError naming the field, what was expected and the kind of what was found. Never its value. */
export function parseRevocation(input: unknown): ParsedRevocation {
  const fields = readObject(input, revocationKeys);
  const value = readTarget(fields);
  const reason = revocationReasons.find((known) => known === fields.reason);
  if (reason === undefined) throw refuse('reason', `one of ${revocationReasons.join(', ')}`, fields.reason);
  const { actor } = fields;
  if (actor !== undefined && !(typeof actor === 'string' && /^[\x20-\x7e]{1,128}$/.test(actor))) {
    throw refuse('actor', '1–128 printable ASCII characters', actor);
  }
  return {
    value,
    statement: readStatement(value.dimension, fields),
    reason,
    actor,
  };
}

function parseTarget(input: unknown): DimensionValue {
  return readTarget(readObject(input, [...targetKeys, 'issuer', 'actor']));
}

/**
 * Whose denial ends: a value, or what the revocation of an id named.
 *
 * @throws ConfigurationError
 */
export function parseLift(input: unknown): DimensionValue | { readonly id: string } {
  const hasId = typeof input === 'object' && input !== null && 'id' in input;
  if (!hasId) return parseTarget(input);
  const { id } = readObject(input, ['id', 'actor']);
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(id)) {
    throw refuse('id', '1–128 printable ASCII characters without spaces', id);
  }
  return { id };
}

type Fields = Readonly<Record<string, unknown>>;

function readObject(input: unknown, known: readonly string[]): Fields {
  if (typeof input !== 'object' || input === null) throw refuse('revocation', 'an object', input);
  const fields: Fields = { ...input };
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new ConfigurationError(
      'revocation',
      `unknown field ${JSON.stringify(unknown)}; known are ${known.join(', ')}`,
    );
  }
  return fields;
}

function readTarget(fields: Fields): DimensionValue {
  const issuer = readName(fields, 'issuer');
  // A key that is there but undefined is a bug of the caller's, and must not widen what is revoked.
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
  if (fields.entireIssuer !== true) throw refuse('entireIssuer', 'true', fields.entireIssuer);
  return { dimension: 'issuer', issuer, value: issuer };
}

/** What each dimension means unless told otherwise. */
function readStatement(dimension: Dimension, fields: Fields): Statement {
  const expiresAt = readSeconds(fields, 'expiresAt');
  const issuedUpTo = readSeconds(fields, 'issuedUpTo');
  const { block } = fields;
  if (block !== undefined && typeof block !== 'boolean') throw refuse('block', 'true or false', block);
  const denyAll = dimension === 'token' || dimension === 'session' || dimension === 'grant' || dimension === 'key';
  if (issuedUpTo !== undefined) {
    if (denyAll || block === true) {
      throw new ConfigurationError(
        'issuedUpTo',
        `a ${denyAll ? dimension : 'block'} denies every token; it takes no cutoff`,
      );
    }
    return { kind: 'cutoff', issuedUpTo };
  }
  if (dimension === 'token') {
    // The verifier accepts a token until `exp` plus its tolerance, so the rule outlives `exp` by the margin.
    return {
      kind: 'deny',
      until: expiresAt === undefined ? 'longest-token' : Math.min(expiresAt + ruleMarginSeconds, forEver - 1),
    };
  }
  // A thief who has the key mints any `iat`, so a key can only be blocked.
  if (block === true || dimension === 'key') return { kind: 'deny', until: expiresAt ?? forEver };
  // Deny-all for as long as a token may live: a refresh in flight must not slip past a cutoff.
  if (denyAll) return { kind: 'deny', until: expiresAt ?? 'longest-token' };
  if (expiresAt !== undefined) {
    throw new ConfigurationError(
      'expiresAt',
      `a cutoff of a ${dimension} has no end of its own; say block: true for a denial that ends`,
    );
  }
  return { kind: 'cutoff', issuedUpTo: 'now' };
}

function readName(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '' || value.length > maxValueLength) {
    throw refuse(key, `a string of 1–${maxValueLength} characters`, value);
  }
  return value;
}

function readSeconds(fields: Fields, key: string): number | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value > forEver) {
    throw new ConfigurationError(key, 'expected claim seconds since 1970, found a number that looks like milliseconds');
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0) {
    throw refuse(key, 'claim seconds since 1970, a positive whole number', value);
  }
  return value;
}

function refuse(option: string, expected: string, found: unknown): ConfigurationError {
  return new ConfigurationError(option, `expected ${expected}, found ${kindOf(found)}`);
}

/** By kind only: a value may name a person, and messages end up in logs. */
function kindOf(found: unknown): string {
  if (found === null) return 'null';
  if (Array.isArray(found)) return 'an array';
  if (found === '') return 'an empty string';
  if (typeof found === 'string') return 'another string';
  return found === undefined ? 'nothing' : typeof found;
}
