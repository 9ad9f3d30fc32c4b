import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';

/** The key that verified the tokens of some streams. */
export class KeyUse {
  readonly issuer: TrustedIssuer;
  readonly identity: string;
  streams = 0;

  constructor(issuer: TrustedIssuer, identity: string) {
    this.issuer = issuer;
    this.identity = identity;
  }

  /**
   * Whether the issuer still lists the key. While it has no usable key set, this is unknown, which is no reason to end a stream.
   * Starts the refresh of a key set that is due: a process that only has streams would never notice a removed key otherwise.
   */
  get isTrusted(): boolean {
    const { issuer, identity } = this;
    if (issuer.isTrusted?.() === false) return false;
    if (issuer.keys.trusts(identity)) return true;
    const { state } = issuer.keys.status();
    return state !== 'fresh' && state !== 'stale';
  }
}

/** The keys of the tokens of all streams, each once: one question a second for each key, and not for each stream. */
export class UsedKeys {
  readonly #byIssuer = new Map<TrustedIssuer, Map<string, KeyUse>>();

  get size(): number {
    return this.#byIssuer.size;
  }

  add(issuer: TrustedIssuer, identity: string): KeyUse {
    const byIdentity = this.#byIssuer.get(issuer) ?? new Map<string, KeyUse>();
    this.#byIssuer.set(issuer, byIdentity);
    const use = byIdentity.get(identity) ?? new KeyUse(issuer, identity);
    byIdentity.set(identity, use);
    use.streams += 1;
    return use;
  }

  remove(use: KeyUse): void {
    use.streams -= 1;
    if (use.streams > 0) return;
    const byIdentity = this.#byIssuer.get(use.issuer);
    byIdentity?.delete(use.identity);
    if (byIdentity?.size === 0) this.#byIssuer.delete(use.issuer);
  }

  /** Those that are no longer trusted. */
  untrusted(): readonly KeyUse[] {
    return [...this.#byIssuer.values()].flatMap((uses) => [...uses.values()]).filter(({ isTrusted }) => !isTrusted);
  }
}
