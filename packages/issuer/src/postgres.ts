// The entry `@revocast/issuer/postgres`.
export {};
