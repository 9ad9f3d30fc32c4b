// The entry `@revocast/middleware/nest`, for HTTP routes of NestJS 11 and 12, on Express or Fastify.
import { ConfigurationError } from '../errors.ts';
import { createGate, type GateOptions } from '../gate/create-gate.ts';
import type { VerifierOptions } from '../options/options.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import type { Verifier } from '../verifier/verifier.ts';

/** What is used of an `ExecutionContext` of Nest. */
export interface NestContextLike {
  getType(): string;
  switchToHttp(): { getRequest(): unknown; getResponse(): unknown };
}

/** The request of Express, or that of Fastify with the one of Node in it. */
type NestRequest = RequestWithHeaders & { readonly raw?: RequestWithHeaders | undefined; auth?: unknown };
/** Both name this method alike. */
interface NestResponse {
  header(name: string, value: string): unknown;
}

/** A `CanActivate` of Nest. */
export interface NestGuard {
  canActivate(context: NestContextLike): Promise<boolean>;
}

/**
 * Returns a guard that lets only requests with an accepted access token pass, and sets `request.auth`: for `@UseGuards`, or
 * `app.useGlobalGuards`. Otherwise it throws an `HttpException` with status and body; the headers are on the response, because
 * filters of Nest drop those of an exception. Arguments and errors as {@link createGate}.
 */
export function nestGuard(target?: VerifierOptions | Verifier, options?: GateOptions): NestGuard {
  const gate = createGate(target, options);
  return {
    async canActivate(context) {
      if (context.getType() !== 'http') {
        throw new ConfigurationError('nestGuard', `expected an HTTP route, found the context ${context.getType()}`);
      }
      const http = context.switchToHttp();
      const request = http.getRequest() as NestRequest;
      const response = http.getResponse() as NestResponse;
      const raw = rawOf(request);
      const passage = await gate(raw ?? request);
      for (const [name, value] of Object.entries(passage.headers)) response.header(name, value);
      if (passage.pass) {
        if (raw !== undefined) request.auth = passage.auth;
        return true;
      }
      const { HttpException } = await import('@nestjs/common');
      throw new HttpException(JSON.parse(passage.body), passage.status, { cause: passage.error });
    },
  };
}

/** With Fastify, the request of Node. On Express an application may keep something else there, such as the body. */
function rawOf({ raw }: NestRequest): RequestWithHeaders | undefined {
  return typeof raw === 'object' && raw !== null && 'headers' in raw ? raw : undefined;
}
