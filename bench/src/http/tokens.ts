import type { TestIssuer } from '@revocast/test-support';

/** Longer than any bench, because a token must not expire during it. */
const expiresInSeconds = 6 * 3600;

/** Signs tokens with ids from `firstId` on, each of a different session. */
export async function mintTokens(issuer: TestIssuer, count: number, firstId = 0): Promise<string[]> {
  const tokens: string[] = [];
  for (let id = firstId; id < firstId + count; id++) {
    const claims = { jti: `token-${id}`, sid: `session-${id}`, sub: `user-${id % 5000}` };
    tokens.push(await issuer.sign(claims, { expiresInSeconds }));
  }
  return tokens;
}

/** Signs tokens, each with a different kid that the issuer does not publish. */
export async function mintTokensOfUnknownKeys(issuer: TestIssuer, count: number, name: string): Promise<string[]> {
  const tokens: string[] = [];
  for (let id = 0; id < count; id++) {
    const header = { kid: `${name}-${id}-${Math.random().toString(36).slice(2)}` };
    tokens.push(await issuer.sign({ jti: `${name}-${id}` }, { expiresInSeconds, header }));
  }
  return tokens;
}
