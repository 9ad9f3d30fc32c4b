import { hash, randomBytes } from 'node:crypto';

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

/** RFC 7636 §4.1, §4.2 (S256): who redeems the code proves that he asked for it. */
export function createPkce(random: (bytes: number) => Buffer = randomBytes): Pkce {
  const verifier = random(32).toString('base64url');
  return { verifier, challenge: hash('sha256', verifier, 'base64url') };
}
