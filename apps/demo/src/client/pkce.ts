import { hash, randomBytes } from 'node:crypto';

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

/** RFC 7636 §4.1, §4.2 (S256): proves that the client that redeems the code also requested it. */
export function createPkce(random: (bytes: number) => Buffer = randomBytes): Pkce {
  const verifier = random(32).toString('base64url');
  return { verifier, challenge: hash('sha256', verifier, 'base64url') };
}
