import type { LostRule } from '../log/revocation-log.ts';
import { digestFromHex, digestToHex } from '../rules/digest.ts';
import { forEver } from '../rules/rule.ts';
import { readVersioned } from './json.ts';

// Rules that a relay holds and the log has lost:
//
//   {"v":1,"rules":[[digest (32 hex digits), deniedUntil, issuedUpTo, stamp, lifted], …]}

export const seedsVersion = 1;
/** In one request. */
export const maxSeeds = 500;

export function encodeSeeds(rules: readonly LostRule[]): string {
  const rows = rules.map(({ digest, rule }) => [
    digestToHex(digest),
    ...[rule.deniedUntil, rule.issuedUpTo, rule.denialStamp, rule.liftedUpTo],
  ]);
  return JSON.stringify({ v: seedsVersion, rules: rows });
}

/** @returns what is wrong, for the sender, when the request cannot be read. */
export function decodeSeeds(text: string): LostRule[] | string {
  const fields = readVersioned(text, seedsVersion);
  if (typeof fields === 'string') return fields;
  const { rules } = fields;
  if (!Array.isArray(rules) || rules.length > maxSeeds) return `rules: expected an array of at most ${maxSeeds}`;
  const held: LostRule[] = [];
  for (const row of rules) {
    const seed = decodeSeed(row);
    if (seed === undefined)
      return 'rules: expected [32 hex digits, deniedUntil, issuedUpTo, stamp, lifted] each, in uint32';
    held.push(seed);
  }
  return held;
}

function decodeSeed(row: unknown): LostRule | undefined {
  if (!Array.isArray(row)) return undefined;
  const [hex, deniedUntil, issuedUpTo, denialStamp, liftedUpTo]: unknown[] = row;
  const digest = typeof hex === 'string' ? digestFromHex(hex) : undefined;
  if (digest === undefined || !isUint32(deniedUntil) || !isUint32(issuedUpTo)) return undefined;
  if (!isUint32(denialStamp) || !isUint32(liftedUpTo)) return undefined;
  return { digest, rule: { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } };
}

/** Whether a value is a number of a rule: 0 to 2³² − 1. */
export function isUint32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= forEver;
}
