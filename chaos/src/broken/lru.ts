import { active, type DigestSet, digestToHex, type Replica } from '@revocast/denylist/replica';

const kept = 100;

/** A replica that keeps only the hundred newest revocations. */
export function withLru(replica: Replica): Replica['check'] {
  const newest = new Set<string>();
  replica.denylist.onChange(({ digest }) => {
    const name = digestToHex(digest);
    newest.delete(name);
    newest.add(name);
    for (const oldest of newest) {
      if (newest.size <= kept) break;
      newest.delete(oldest);
    }
  });
  const isKept = ({ words, dimensions }: DigestSet) =>
    dimensions.some((_, index) => newest.has(digestToHex(words.subarray(index * 4, index * 4 + 4))));
  return (digests, issuedAt) => {
    const verdict = replica.check(digests, issuedAt);
    return verdict.verdict === 'revoked' && !isKept(digests) && replica.freshness.isFresh() ? active : verdict;
  };
}
