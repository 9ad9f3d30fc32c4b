import { active, type Replica } from '@revocast/denylist/replica';

/** A replica that says "not revoked" where it does not know. */
export function withSilentAccept(replica: Replica): Replica['check'] {
  return (digests, issuedAt) => {
    const verdict = replica.check(digests, issuedAt);
    return verdict.verdict === 'unknown' ? active : verdict;
  };
}
