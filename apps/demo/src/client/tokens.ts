/** What the token endpoint answered (RFC 6749 §5.1). */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
  readonly expiresInSeconds: number;
}

/** @throws Error naming the first member that is missing; never what the response held. */
export function parseTokens(body: string): Tokens {
  const members = parseObject(body);
  const text = (name: string): string => {
    const value = members[name];
    if (typeof value !== 'string') throw new Error(`the token response has no ${name}`);
    return value;
  };
  const expiresInSeconds = members['expires_in'];
  if (typeof expiresInSeconds !== 'number') throw new Error('the token response has no expires_in');
  return {
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    expiresInSeconds,
  };
}

/** The claims of an access token, unverified: a client may look at its own token, and must not decide by it. */
export function readClaims(accessToken: string): Readonly<Record<string, unknown>> {
  return parseObject(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

/** @throws Error when the text is not a JSON object. */
export function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected a JSON object');
  // What JSON.parse returns for an object has string keys and unknown values; the compiler cannot see that.
  return value as Record<string, unknown>;
}
