import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Clock, ConfigurationError } from '@revocast/denylist/replica';

// RFC 6750 §2.1, b64token; shorter ones can be guessed.
const tokenForm = /^[A-Za-z0-9\-._~+/]{16,512}=*$/;

/**
 * Between two readings of the file. A watcher would miss the change of a symbolic link by which Kubernetes replaces a
 * mounted secret.
 */
export const rereadMs = 2000;
/** So long the last tokens stay valid while the file cannot be read or holds none: a rotation in progress rejects no client. */
export const graceMs = 20_000;

export interface TokenFileOptions {
  /** The option that names the file, for errors. */
  readonly option: string;
  readonly path: string;
  readonly clock: Clock;
  /** Reads the file again. Default: from the disk. */
  readonly read?: (path: string) => Promise<string>;
  /** Called once when the tokens stop counting because the file is gone or holds none, with the reason. */
  readonly onLost: (reason: string) => void;
}

/** Bearer tokens from a file: one, or during a rotation two, one a line. */
export class TokenFile {
  readonly #options: TokenFileOptions;
  readonly #stop = new AbortController();
  #held: readonly Buffer[];
  #readAtMs: number;

  /** @throws ConfigurationError when the file holds no valid token. */
  constructor(options: TokenFileOptions) {
    const { clock, path, option } = options;
    this.#options = options;
    this.#held = digestsOf(parseTokens(readText(path, option), options));
    this.#readAtMs = clock.monotonicMs();
    void this.#rereadForEver();
  }

  /** Whether it is one of the tokens. Every one is compared, so that the time shows neither how much nor which one matched. */
  has(token: string): boolean {
    const digest = digestOf(token);
    return this.#held.reduce((found, held) => timingSafeEqual(held, digest) || found, false);
  }

  close(): void {
    this.#stop.abort();
  }

  async #rereadForEver(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      await clock.sleep(rereadMs, this.#stop.signal);
      await this.#reread();
    }
  }

  async #reread(): Promise<void> {
    const { clock, path, read = readUtf8, onLost } = this.#options;
    try {
      this.#held = digestsOf(parseTokens(await read(path), this.#options));
      this.#readAtMs = clock.monotonicMs();
    } catch (error) {
      if (this.#held.length === 0 || clock.monotonicMs() - this.#readAtMs < graceMs) return;
      // An operator who removes a token file wants its tokens to be invalid.
      this.#held = [];
      onLost(error instanceof ConfigurationError ? error.message : `cannot read ${path}`);
    }
  }
}

function readUtf8(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(option, `cannot read ${path}`, { cause: error });
  }
}

function parseTokens(text: string, { path, option }: Pick<TokenFileOptions, 'path' | 'option'>): string[] {
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
    throw new ConfigurationError(
      option,
      `${path}: expected tokens of 16–512 characters of A–Z a–z 0–9 - . _ ~ + / and =`,
    );
  }
  return tokens;
}

function digestsOf(tokens: readonly string[]): Buffer[] {
  return tokens.map(digestOf);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
