/** The answer of the token endpoint (RFC 6749 §5.1). */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
  readonly expiresInSeconds: number;
}

/** @throws Error with the name of the first missing member, without the content of the response. */
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

/** The claims of an access token without verification. A client may read its own token, and must not trust it. */
export function readClaims(accessToken: string): Readonly<Record<string, unknown>> {
  return parseObject(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

/** @throws Error when the text is not a JSON object. */
export function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected a JSON object');
  return value as Record<string, unknown>; // an object of JSON.parse has string keys
}
