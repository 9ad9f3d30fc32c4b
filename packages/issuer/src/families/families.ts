import type { RevocationReason } from '@revocast/denylist';
import type { Outcome, ReportOptions } from '../lifecycle/outcome.ts';
import type { Refused } from './refusal.ts';

/** Refresh tokens that rotate, survive a repeated request, and find thieves. */
export interface Families {
  /**
   * Opens a family after a sign-in. The first refresh token is in the result.
   *
   * @throws ConfigurationError for a malformed grant · StoreError
   */
  open(grant: NewGrant): Promise<Opened>;
  /**
   * Exchanges a refresh token. Never throws for a token, whatever it is, and never because the store is down.
   *
   * @param token the text that the client sent; undefined when it sent none.
   * @throws ConfigurationError for a malformed `use`
   */
  present(token: unknown, use: TokenUse): Promise<Opened | Refused>;
  /** The active families of a subject, newest first: "your devices". At most 1000. @throws StoreError */
  list(subject: string): Promise<readonly FamilySummary[]>;
  /**
   * Ends families and revokes their access tokens, like the event that `lifecycle.report` takes. With `tx`, as a part of the
   * transaction of the caller.
   *
   * @throws ConfigurationError · StoreError
   */
  end(which: EndedGrant, options?: EndGrantOptions): Promise<Outcome>;
  /**
   * After a restore of the store: ends every family opened before that time, because its spent tokens are current again. No
   * access token is revoked.
   *
   * @returns how many ended. @throws StoreError
   */
  endOpenedBefore(time: Date): Promise<number>;
  /**
   * Active families whose newest access token has not expired, of all processes with this store; read at most every 10 s. For a
   * `countActive` of yours that adds tokens without a family. @throws StoreError
   */
  countActive(): Promise<number>;
}

/** Whom a family is for. */
export interface NewGrant {
  /** The `sub` of its access tokens: 1–4096 characters. */
  readonly subject: string;
  /** The `client_id`: 1–4096 characters. */
  readonly client: string;
  /** The `sid`. */
  readonly session?: string | undefined;
  /** The key that every refresh must prove (RFC 9449, RFC 8705). Without one, the refresh tokens are bearer tokens. */
  readonly binding?: Binding | undefined;
  /** JSON, at most 16 KiB: returned with every refresh, for example the scope. */
  readonly data?: unknown | undefined;
  /** Lifetime of the access token that you sign with `claims`: 1–86,400 s. */
  readonly accessSeconds: number;
}

/** From a proof that the authorization server has verified: the thumbprint of a DPoP key, or of a client certificate. */
export type Binding = { readonly jkt: string } | { readonly 'x5t#S256': string };

/** Who shows a refresh token. */
export interface TokenUse {
  /** The client that was authenticated, or that a public client named: then it may be any text. */
  readonly client: string;
  readonly binding?: Binding | undefined;
  /** Lifetime of the access token that you sign with `claims`: 1–86,400 s. */
  readonly accessSeconds: number;
}

/** A refresh token, and the claims of the access token to sign with it. */
export interface Opened {
  readonly ok: true;
  /** `retried`: the same refresh token as in the answer before. */
  readonly outcome: 'opened' | 'rotated' | 'retried';
  readonly refreshToken: string;
  /** When the refresh token ends, unless it is refreshed before. Unix milliseconds. */
  readonly expiresAtMs: number;
  readonly grant: string;
  readonly data: unknown;
  /**
   * Sign exactly these. `iat` is the second in which the store allowed it: a revocation that raced this refresh covers the
   * token.
   */
  readonly claims: FamilyClaims;
}

export interface FamilyClaims {
  readonly sub: string;
  readonly client_id: string;
  readonly sid?: string | undefined;
  readonly grant_id: string;
  readonly iat: number;
}

/** An active family. Times are Unix milliseconds. */
export interface FamilySummary {
  readonly grant: string;
  readonly client: string;
  readonly session?: string;
  readonly data?: unknown;
  readonly openedAtMs: number;
  readonly refreshedAtMs?: number;
  readonly expiresAtMs: number;
}

/** `keep`: the session that stays signed in. */
export type EndedGrant =
  | { readonly grant: string }
  | { readonly session: string }
  | { readonly subject: string; readonly keep?: string | undefined };

export interface EndGrantOptions extends ReportOptions {
  /** Default `logout`. For a subject always `logout`. */
  readonly reason?: (RevocationReason & ('logout' | 'admin' | 'policy')) | undefined;
  /** Who ended it, for the audit trail: 1–128 printable ASCII characters. */
  readonly by?: string | undefined;
}
