// The entry `@revocast/issuer/express`: endpoints for authorization servers that are built on Express.

export type { Handler, Next } from './express/handler.ts';
export type { FormRequest } from './express/read-form.ts';
export {
  type RevocationEndpointOptions,
  revocationEndpoint,
  type TokenRevoker,
} from './express/revocation-endpoint.ts';
