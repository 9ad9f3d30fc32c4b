// The entry `@revocast/issuer/express`.
export {};
