import type { IssuerTrust } from '../log/enforcement.ts';

/** Digests that are remembered. A publisher has a few issuers, and processes report at most 16. */
const mostIssuers = 16;

/**
 * Warns of statements that change nothing, because no process trusts their issuer. The usual mistake is a slash at the end of
 * `iss`, and every other member of the result looks like success then.
 */
export class IssuerWarning {
  readonly #logName: string;
  readonly #warn: (warning: string) => void;
  readonly #untrusted = new Set<string>();

  constructor(logName: string, warn: (warning: string) => void) {
    this.#logName = logName;
    this.#warn = warn;
  }

  /** Warns once for each issuer, and again when a process trusted it in between. @param issuer its digest */
  note(issuer: string | undefined, trust: IssuerTrust): void {
    if (issuer === undefined || trust === 'unknown') return;
    if (trust === 'some') {
      this.#untrusted.delete(issuer);
      return;
    }
    if (this.#untrusted.has(issuer) || this.#untrusted.size >= mostIssuers) return;
    this.#untrusted.add(issuer);
    // Without the issuer itself: a warning is logged, and a claim is not for a log.
    this.#warn(
      `no process that follows ${this.#logName} trusts the issuer of this revocation, so it changes nothing: give exactly the iss of the tokens, with or without a slash at its end`,
    );
  }
}
