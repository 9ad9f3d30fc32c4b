// The entry `@revocast/middleware/koa`, for Koa 2 and 3.
import type { ServerResponse } from 'node:http';
import { createGate, type GateOptions } from '../gate/create-gate.ts';
import type { VerifierOptions } from '../options/options.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import type { Verifier } from '../verifier/verifier.ts';

/** What is used of a context of Koa. */
export interface KoaContextLike {
  readonly req: RequestWithHeaders;
  readonly res: ServerResponse;
  readonly originalUrl: string;
  readonly state: Record<string, unknown>;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): void;
}

export type KoaMiddleware = (context: KoaContextLike, next: () => Promise<unknown>) => Promise<void>;

/**
 * Returns a middleware that lets only requests with an accepted access token pass, and sets `ctx.state.auth`. Arguments and
 * errors as {@link createGate}.
 */
export function koaGate(target?: VerifierOptions | Verifier, options?: GateOptions): KoaMiddleware {
  const gate = createGate(target, options);
  return async function revocast(context, next) {
    const { req, res, originalUrl } = context;
    // koa-mount removes a prefix from `req.url`, and a DPoP proof names the complete target. Express sets the same member.
    if (req.originalUrl === undefined) Object.assign(req, { originalUrl });
    const passage = await gate(req);
    if (passage.pass) {
      context.set(passage.headers);
      if (Object.keys(passage.headers).length > 0) sendAlways(passage.headers, res);
      context.state['auth'] = passage.auth;
      await next();
      return;
    }
    context.status = passage.status;
    context.body = passage.body;
    // After the body, which sets a content type of its own.
    context.set(passage.headers);
  };
}

/**
 * Koa removes all headers when it answers an error of another handler. It sets those of `error.headers`, but an application may
 * throw the same error again, for another client, or something that is no error.
 */
function sendAlways(headers: Readonly<Record<string, string>>, response: ServerResponse): void {
  const { writeHead } = response;
  response.writeHead = function writeHeadWithHeaders(...parameters: readonly unknown[]) {
    for (const [name, value] of Object.entries(headers)) if (!response.hasHeader(name)) response.setHeader(name, value);
    return Reflect.apply(writeHead, response, parameters);
  };
}
