// The package has no types. This file declares the part that the issuer of the demo uses.
declare module 'oidc-provider' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface StoredClient {
    readonly clientId: string;
    grantTypeAllowed(grantType: string): boolean;
  }

  export interface IssuedToken {
    readonly kind: string;
    readonly accountId?: string;
    readonly clientId?: string;
    readonly grantId?: string;
    readonly sessionUid?: string;
    /** Lifetime in seconds. */
    readonly expiration: number;
  }

  export interface Session {
    readonly uid: string;
    readonly accountId?: string;
    readonly destroyed?: boolean;
    /** Per client id. */
    readonly authorizations?: Readonly<Record<string, { readonly grantId?: string }>>;
    grantIdFor(clientId: string): string | undefined;
    destroy(): Promise<void>;
  }

  export interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  /** The part of the Koa context that listeners and configuration functions use. */
  export interface ProviderContext {
    readonly oidc: {
      /** The matched route: `token`, `end_session_confirm`, `revocation`, … */
      readonly route: string;
      readonly params?: Readonly<Record<string, unknown>>;
      readonly session?: Session;
      readonly client: StoredClient;
      readonly provider: Provider;
      /** The entities that the library has loaded so far. */
      readonly entities: {
        readonly Client?: StoredClient;
        /** The refresh token that was used and replaced; `iat` in seconds. */
        readonly RotatedRefreshToken?: { readonly iat: number };
      };
    };
    readonly method: string;
    readonly path: string;
    body: unknown;
    type: string;
  }

  export interface Interaction {
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
  }

  export class Provider extends EventEmitter {
    constructor(issuer: string, configuration: object);
    readonly issuer: string;
    proxy: boolean;
    readonly Grant: new (properties: {
      accountId: string;
      clientId: string;
    }) => Grant;
    readonly Session: { readonly prototype: Session; get(context: unknown): Promise<Session> };
    readonly Client: new (
      metadata: never,
    ) => object;
    readonly RefreshToken: { revokeByGrantId(grantId: string): Promise<void> };
    /** Path of a route by its name. */
    pathFor(route: string): string;
    urlFor(route: string): string;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    createContext(request: IncomingMessage, response: ServerResponse): unknown;
    use(middleware: (context: ProviderContext, next: () => Promise<void>) => Promise<void>): void;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  }
  export default Provider;
}
