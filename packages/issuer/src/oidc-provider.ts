// The entry `@revocast/issuer/oidc-provider`.
export {};
