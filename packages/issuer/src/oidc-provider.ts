// The entry `@revocast/issuer/oidc-provider`: for servers that are built on oidc-provider 9.

export { attach } from './oidc-provider/attach.ts';
export type { AttachOptions } from './oidc-provider/attach-options.ts';
export { claimsOf, type IssuedToken, type RevocableClaims } from './oidc-provider/claims-of.ts';
export type {
  OidcProvider,
  ProviderContext,
  ProviderSession,
  StorageAdapter,
  StoragePort,
} from './oidc-provider/provider.ts';
export { recording } from './oidc-provider/recording.ts';
