import { type Recipe, thumbprintOf } from '../forge.ts';

/** The second in which every row is sent. */
export const nowSeconds = Date.UTC(2026, 0, 1) / 1000;
export const now = nowSeconds;

export const issuer = 'https://issuer.test/';
export const otherIssuer = 'https://other.test/';
export const audience = 'https://api.test';

/** The claims of a token, unless its row has others. */
export const usualClaims = {
  iss: issuer,
  aud: audience,
  sub: 'user-1',
  client_id: 'client-1',
  jti: 'token-1',
  iat: now - 60,
  exp: now + 240,
};

export const claims = (changes: Record<string, unknown>): Recipe => ({ claims: changes });
export const header = (changes: Record<string, unknown>): Recipe => ({ header: changes });
export const spoiled = (spoil: (token: string) => string): Recipe => ({ spoil });
export const part = (index: number, replace: (text: string) => string) =>
  spoiled((token) =>
    token
      .split('.')
      .map((text, at) => (at === index ? replace(text) : text))
      .join('.'),
  );
export const json = JSON.stringify;

export function bound() {
  return { cnf: { jkt: thumbprintOf('es') } };
}

export function twice(member: string): string {
  return `${json(usualClaims).slice(0, -1)},${member}}`;
}

/** 64 bytes leave four spare bits in the last character: 16 spellings decode to the same signature. */
export function secondSpelling(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) ?? 'A') + 1];
}

export function flipped(bytes: Buffer): Buffer {
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return bytes;
}
