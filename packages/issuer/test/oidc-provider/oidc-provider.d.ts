// The package has no types. This file declares what the tests use.
declare module 'oidc-provider' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
    destroy(): Promise<void>;
  }

  export interface Session {
    readonly uid: string;
    readonly accountId?: string;
    destroy(): Promise<void>;
  }

  export class Provider extends EventEmitter {
    constructor(issuer: string, configuration: object);
    readonly issuer: string;
    readonly Grant: {
      new (properties: { accountId: string; clientId: string }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    readonly Session: { readonly prototype: Session; findByUid(uid: string): Promise<Session | undefined> };
    readonly RefreshToken: { revokeByGrantId(grantId: string): Promise<void> };
    readonly Client: new (
      metadata: never,
    ) => object;
    on(event: string, listener: (...values: never[]) => void): this;
    use(middleware: (context: never, next: () => Promise<unknown>) => Promise<void>): this;
    pathFor(route: string): string;
    urlFor(route: string): string;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{ readonly params: Readonly<Record<string, unknown>> }>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  }
}
