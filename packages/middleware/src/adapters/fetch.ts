// The entry `@revocast/middleware/fetch`, for servers and frameworks of the Fetch API on Node: Hono, Next, SvelteKit.
import type { Auth } from '../decision.ts';
import { createGate, type GateOptions } from '../gate/create-gate.ts';
import { requestOf } from '../gate/request-of.ts';
import type { VerifierOptions } from '../options/options.ts';
import type { Verifier } from '../verifier/verifier.ts';

/** A request that passes. */
export interface FetchPassed {
  /** Undefined for an anonymous request, and in report-only mode. */
  readonly auth: Auth | undefined;
  /** To be set on the response: the DPoP nonce for the next proof, or nothing. */
  readonly headers: Readonly<Record<string, string>>;
}

export type FetchGate = (request: Request) => Promise<Response | FetchPassed>;

/**
 * Returns a function that resolves with the response for a request that does not pass, or with what its token says. Arguments
 * and errors as {@link createGate}.
 */
export function fetchGate(target?: VerifierOptions | Verifier, options?: GateOptions): FetchGate {
  const gate = createGate(target, options);
  return async function decideResponse(request) {
    const passage = await gate(requestOf(request));
    if (!passage.pass) return new Response(passage.body, { status: passage.status, headers: { ...passage.headers } });
    return { auth: passage.auth, headers: passage.headers };
  };
}

/** What is used of a context of Hono. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request };
  set(key: 'auth', auth: Auth | undefined): void;
  header(name: string, value: string): void;
}

/** Returns a middleware of Hono that sets the variable `auth`: `c.get('auth')`. */
export function honoGate(target?: VerifierOptions | Verifier, options?: GateOptions) {
  const gate = fetchGate(target, options);
  return async function revocast(context: HonoContextLike, next: () => Promise<void>): Promise<Response | undefined> {
    const passage = await gate(context.req.raw);
    if (passage instanceof Response) return passage;
    context.set('auth', passage.auth);
    await next();
    // Afterwards: Hono forgets headers that were set before, if the handler returns a `Response` of its own.
    for (const [name, value] of Object.entries(passage.headers)) context.header(name, value);
    return undefined;
  };
}
