// The entry `@revocast/issuer/express`: endpoints for authorization servers that are built on Express.

export type { Handler, Next } from './express/handler.ts';
export type { FormRequest } from './express/read-form.ts';
export {
  clearRefreshCookie,
  type RefreshCookieOptions,
  readRefreshCookie,
  setRefreshCookie,
} from './express/refresh-cookie.ts';
export { type RefuseForeignSiteOptions, refuseForeignSite } from './express/refuse-foreign-site.ts';
export { type RetryRefreshOptions, type RetryResult, retryRefresh } from './express/retry-refresh.ts';
export {
  memoryRetryStore,
  type RedisRetryStoreOptions,
  type RetryClaim,
  type RetryRedis,
  type RetryStore,
  redisRetryStore,
} from './express/retry-refresh-store.ts';
export {
  type RevocationEndpointOptions,
  revocationEndpoint,
  type TokenRevoker,
} from './express/revocation-endpoint.ts';
export { sendRefusal } from './express/send-refusal.ts';
