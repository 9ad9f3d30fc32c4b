/** Plain data about the attacked parts: it is sent to the process of the attacker. */
export interface AttackContext {
  readonly ports: { readonly api: number; readonly data: number; readonly admin: number };
  readonly issuer: string;
  readonly audience: string;
  /** A token of {@link issuer} that is bound to a key (RFC 9449 §6.1) which the attacker does not have. */
  readonly boundToken: string;
  /** Valid tokens, for the good requests. */
  readonly tokens: readonly string[];
}

/**
 * How the texts are sent. `requests`: over open connections, each after the answer to the one before. `sockets`: each over a
 * new connection. `stalled`: the same, and nothing is read after the first bytes of the answer.
 */
export type Way = 'requests' | 'sockets' | 'stalled';

/** One kind of attack, without any credential, and the good requests that it is compared with. */
export interface Attack {
  readonly name: string;
  /** Attacks of one area run against the same parts. */
  readonly area: string;
  readonly target: keyof AttackContext['ports'];
  readonly way: Way;
  /** Requests or connections a second. */
  readonly perSecond: number;
  /** The bytes of an attack, in latin1. */
  bad(context: AttackContext, index: number): string;
  /** A good request of the same size. It is sent at the same rate; as `sockets` if the attack is `stalled`. */
  good(context: AttackContext, index: number, bytes: number): string;
}
