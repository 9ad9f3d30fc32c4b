import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigurationError } from '@revocast/denylist/replica';

/** Who may write, and who may read from another host. */
export interface BearerTokens {
  /** @param authorization the `Authorization` header as received. Constant-time in the tokens. */
  permits(authorization: string | undefined): boolean;
}

// RFC 6750 §2.1, b64token; shorter ones can be guessed.
const tokenForm = /^[A-Za-z0-9\-._~+/]{16,512}=*$/;

/**
 * Bearer tokens from a file: one, or during a rotation two, one a line.
 *
 * The file is read again on every check. Checks are rare (a write, a connecting reader), and a watcher would miss the
 * symbolic-link swap by which Kubernetes changes a mounted secret. While the file cannot be read, or holds no token, the
 * last good ones stay in force: a rotation in progress rejects no client.
 *
 * @throws ConfigurationError when the file holds no valid token at the start.
 */
export function openTokenFile(path: string, option = 'tokenFile'): BearerTokens {
  let held = digestsOf(readTokens(path, option));
  return {
    permits(authorization) {
      const presented = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
      if (presented === undefined) return false;
      try {
        held = digestsOf(readTokens(path, option));
      } catch {
        // Keeps the last good tokens, see above.
      }
      const digest = digestOf(presented);
      // Every token is compared, so that the time tells neither how much of one matched nor which one did.
      return held.reduce((permitted, token) => timingSafeEqual(token, digest) || permitted, false);
    },
  };
}

function readTokens(path: string, option: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(option, `cannot read ${path}`, { cause: error });
  }
  const tokens = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (tokens.length < 1 || tokens.length > 2) {
    throw new ConfigurationError(
      option,
      `${path} holds ${tokens.length} tokens; expected one, or two during a rotation`,
    );
  }
  // The token itself is never shown.
  if (!tokens.every((token) => tokenForm.test(token))) {
    throw new ConfigurationError(option, `${path}: a token has 16–512 characters of A–Z a–z 0–9 - . _ ~ + / and =`);
  }
  return tokens;
}

function digestsOf(tokens: readonly string[]): Buffer[] {
  return tokens.map(digestOf);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
