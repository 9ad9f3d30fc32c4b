import type { KeyLookup, KeyQuery, KeyRejection } from './key-source.ts';
import type { KeySet } from './parse-key-set.ts';
import type { VerificationKey } from './verification-key.ts';

/** The result of a look-up in one key set. Only a remote set can change `unknown_kid`, by a refresh. */
export type KeySelection = Exclude<KeyLookup, { outcome: 'unavailable' }>;

function rejected(reason: KeyRejection): KeySelection {
  return { outcome: 'rejected', reason };
}

/**
 * Selects the one key of a set that a token names. When two different keys fit, none is selected.
 *
 * @returns `alg_not_allowed` when the kid is known and bound to other algorithms (RFC 8725 §3.1); `key_not_usable` when
 * the issuer lists the kid but the key may not verify (too weak, for encryption, …), or two different keys have the kid;
 * `missing_kid` when the token has no kid and not exactly one key fits the algorithm.
 */
export function selectKey(keySet: KeySet, { kid, alg }: KeyQuery): KeySelection {
  const named = kid === undefined ? keySet.keys : keySet.byKid.get(kid);
  if (kid !== undefined && named === undefined) {
    return keySet.skippedKids.has(kid) ? rejected('key_not_usable') : rejected('unknown_kid');
  }
  const fitting = (named ?? []).filter((key) => verifies(key, alg));
  const [first] = fitting;
  if (first === undefined) return kid === undefined ? rejected('missing_kid') : rejected('alg_not_allowed');
  if (fitting.some((key) => key.thumbprint !== first.thumbprint)) {
    return kid === undefined ? rejected('missing_kid') : rejected('key_not_usable');
  }
  return { outcome: 'found', key: first };
}

function verifies(key: VerificationKey, alg: string): boolean {
  return key.algorithms.some((name) => name === alg);
}
