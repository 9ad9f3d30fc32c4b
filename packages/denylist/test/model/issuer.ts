import type { Flaw } from './flaws.ts';
import type { Host } from './host.ts';

/** Seconds by which the clocks of the issuer's nodes may differ, as its publisher declares. */
const spreadSeconds = 1;

/** An issuer of two nodes. The first one also publishes with `clock: 'issuer'`. */
export class Issuer {
  readonly host: Host;
  readonly #flaw: Flaw | undefined;
  /** The greatest `iat` that the first node has stamped. */
  #stamped = 0;
  /** The greatest `iat` of a token that any node has issued while the clocks of both were as declared. */
  #issued = 0;

  constructor(host: Host, flaw: Flaw | undefined) {
    this.host = host;
    this.#flaw = flaw;
  }

  /** Both nodes issue a token. The clock of the second one is ahead by less than the spread. */
  issue(trueMs: number): void {
    const { wallMs } = this.host.reading(trueMs);
    this.#stamped = Math.max(this.#stamped, Math.floor(wallMs / 1000));
    this.#issued = Math.max(this.#issued, Math.floor((wallMs + spreadSeconds * 1000 - 1) / 1000));
  }

  cutoff(trueMs: number): number {
    const own = Math.floor(this.host.reading(trueMs).wallMs / 1000);
    if (this.#flaw === 'issuer ignores its nodes') return Math.max(own, this.#stamped);
    if (this.#flaw === 'issuer ignores what it stamped') return own + spreadSeconds;
    return Math.max(own, this.#stamped) + spreadSeconds;
  }

  /** What is wrong with a cutoff that was acknowledged. */
  judge(issuedUpTo: number): string | undefined {
    if (issuedUpTo >= this.#issued) return undefined;
    return `I1: a cutoff by the issuer's clock misses a token that was issued ${this.#issued - issuedUpTo} s later by it`;
  }
}
