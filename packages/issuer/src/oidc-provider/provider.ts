// The parts of oidc-provider 9 that the adapter uses. The library has no types of its own; these fit both the library and
// `@types/oidc-provider`, so that neither is needed to compile.

/** The storage port of one model (`Session`, `Grant`, `RefreshToken`, …): what the adapter calls itself. */
export interface StoragePort {
  find(id: string): Promise<unknown>;
  findByUid(uid: string): Promise<unknown>;
  destroy(id: string): Promise<unknown>;
  revokeByGrantId(grantId: string): Promise<unknown>;
}

/** What the option `adapter` of the library accepts: a class, or a function that returns the port of a model. */
export type StorageAdapter<Port extends StoragePort> = (new (model: string) => Port) | ((model: string) => Port);

/** A browser session at the authorization server. */
export interface ProviderSession {
  readonly uid: string;
  /** Undefined before a login. */
  readonly accountId?: string | undefined;
  /** By client id; `sid` is the session id that the ID and logout tokens of that client carry. */
  readonly authorizations?: Readonly<Record<string, { readonly sid?: string | undefined }>> | undefined;
}

/** The Koa context of a request. Only the first members exist before the library has matched the route. */
export interface ProviderContext {
  readonly method: string;
  readonly path: string;
  status: number;
  body: unknown;
  set(field: string, value: string): void;
  remove(field: string): void;
  readonly oidc?: MatchedRequest;
}

export interface MatchedRequest {
  /** The matched route: `token`, `end_session_confirm`, `revocation`, … */
  readonly route: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** The entities that the library has loaded so far. */
  readonly entities: {
    readonly Client?: { readonly clientId: string } | undefined;
    readonly RefreshToken?: { readonly grantId?: string | undefined } | undefined;
    /** The access token of a client; `expiration` is its lifetime in seconds. */
    readonly ClientCredentials?: { readonly expiration?: number | undefined } | undefined;
    /** The refresh token that was used and replaced; `iat` in claim seconds. */
    readonly RotatedRefreshToken?: { readonly iat?: number | undefined } | undefined;
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a provider may type context and `next` with more or other members
type Middleware = (context: any, next: () => Promise<any>) => Promise<void>;

/** An instance of `Provider` of oidc-provider 9. */
export interface OidcProvider {
  readonly issuer: string;
  // biome-ignore lint/suspicious/noExplicitAny: the events of the library have different arguments
  on(event: string, listener: (...values: any[]) => void): unknown;
  use(middleware: Middleware): unknown;
  pathFor(route: string): string;
  urlFor(route: string): string;
  readonly Session: { readonly prototype: { destroy(): Promise<void> } };
  readonly Client: new (metadata: never) => object;
}
