import type { TestIssuer } from '@revocast/test-support';

/** Longer than any bench: an expired token would be measured as a fast one. */
const expiresInSeconds = 6 * 3600;

/** Different tokens of different sessions; `firstId` keeps the ids of two lots apart. */
export async function mintTokens(issuer: TestIssuer, count: number, firstId = 0): Promise<string[]> {
  const tokens: string[] = [];
  for (let id = firstId; id < firstId + count; id++) {
    const claims = { jti: `token-${id}`, sid: `session-${id}`, sub: `user-${id % 5000}` };
    tokens.push(await issuer.sign(claims, { expiresInSeconds }));
  }
  return tokens;
}

/** As {@link mintTokens}, each under a kid that the issuer never had. */
export async function mintTokensOfUnknownKeys(issuer: TestIssuer, count: number, name: string): Promise<string[]> {
  const tokens: string[] = [];
  for (let id = 0; id < count; id++) {
    const header = { kid: `${name}-${id}-${Math.random().toString(36).slice(2)}` };
    tokens.push(await issuer.sign({ jti: `${name}-${id}` }, { expiresInSeconds, header }));
  }
  return tokens;
}
