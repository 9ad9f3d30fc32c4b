import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigurationError } from '@revocast/denylist/replica';

/** The bearer tokens that allow writing, and reading from another host. */
export interface BearerTokens {
  /** @param authorization the `Authorization` header as received. The duration does not depend on the tokens. */
  permits(authorization: string | undefined): boolean;
}

// RFC 6750 §2.1, b64token. Stricter: shorter tokens can be guessed.
const tokenForm = /^[A-Za-z0-9\-._~+/]{16,512}=*$/;

/**
 * Reads bearer tokens from a file: one token, or two during a rotation, one per line, 16–512 characters each.
 *
 * The file is read again on every check. Checks are rare (a write, a connecting reader), and a file watcher would miss
 * the symbolic link by which Kubernetes replaces a mounted secret. While the file is unreadable or invalid, the last
 * valid tokens stay in force: a rotation in progress rejects no client.
 *
 * @throws ConfigurationError when the file holds no valid token at the start.
 */
export function openTokenFile(path: string, option = 'tokenFile'): BearerTokens {
  let held = readDigests(path, option);
  return {
    permits(authorization) {
      const presented = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
      if (presented === undefined) return false;
      try {
        held = readDigests(path, option);
      } catch {
        // The last valid tokens stay in force.
      }
      const digest = digestOf(presented);
      // Every token is compared, so that the duration reveals neither a partial match nor which token matched.
      return held.reduce((permitted, token) => timingSafeEqual(token, digest) || permitted, false);
    },
  };
}

function readDigests(path: string, option: string): Buffer[] {
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
  // The message never contains the token.
  if (!tokens.every((token) => tokenForm.test(token))) {
    throw new ConfigurationError(
      option,
      `${path}: expected tokens of 16–512 characters from A–Z a–z 0–9 - . _ ~ + /, with = at the end only`,
    );
  }
  return tokens.map(digestOf);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
