import type { KeySet } from './parse-key-set.ts';

/**
 * Lists the thumbprints whose trust ends when one set follows another: keys that left, keys whose kid now names other
 * material, and keys that may no longer be used with every algorithm they had.
 */
export function removedKeys(before: KeySet, after: KeySet): readonly string[] {
  const removed = before.keys.filter(({ thumbprint, algorithms }) => {
    const kept = after.keys.filter((key) => key.thumbprint === thumbprint).flatMap((key) => key.algorithms);
    return !algorithms.every((alg) => kept.includes(alg));
  });
  return [...new Set(removed.map((key) => key.thumbprint))];
}
