import { active, type Replica } from '@revocast/denylist/replica';

/** A replica that answers "not revoked" where the verdict is unknown. */
export function withSilentAccept(replica: Replica): Replica['check'] {
  return (digests, issuedAt) => {
    const verdict = replica.check(digests, issuedAt);
    return verdict.verdict === 'unknown' ? active : verdict;
  };
}
