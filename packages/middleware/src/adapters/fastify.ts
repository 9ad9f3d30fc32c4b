// The entry `@revocast/middleware/fastify`, for Fastify 5.
import type { Auth } from '../decision.ts';
import { createGate, type GateOptions } from '../gate/create-gate.ts';
import type { VerifierOptions } from '../options/options.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import type { Verifier } from '../verifier/verifier.ts';

/** What is used of a request, a reply and an instance of Fastify. */
export interface FastifyRequestLike {
  readonly raw: RequestWithHeaders;
  auth?: Auth | null;
}
export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}
export interface FastifyLike {
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, value: null): unknown;
  addHook(name: 'onRequest', hook: FastifyHook): unknown;
}

export type FastifyHook = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>;

/**
 * Returns an `onRequest` hook that lets only requests with an accepted access token pass, and sets `request.auth`: for one
 * route, or for an instance. Arguments and errors as {@link createGate}.
 */
export function fastifyGate(target?: VerifierOptions | Verifier, options?: GateOptions): FastifyHook {
  const gate = createGate(target, options);
  return async function onRequest(request, reply) {
    const passage = await gate(request.raw);
    reply.headers(passage.headers);
    if (passage.pass) {
      request.auth = passage.auth ?? null;
      return undefined;
    }
    reply.code(passage.status);
    reply.send(passage.body);
    // Fastify runs no handler after a hook that returns the reply.
    return reply;
  };
}

/** Returns a plugin that puts {@link fastifyGate} before every route of the instance that registers it. */
export function fastifyPlugin(target?: VerifierOptions | Verifier, options?: GateOptions) {
  const hook = fastifyGate(target, options);
  async function revocast(app: FastifyLike): Promise<void> {
    // Declared once: requests of Fastify keep their shape.
    if (!app.hasRequestDecorator('auth')) app.decorateRequest('auth', null);
    app.addHook('onRequest', hook);
  }
  // Without it, Fastify keeps the hook to the plugin itself.
  return Object.assign(revocast, { [Symbol.for('skip-override')]: true });
}
