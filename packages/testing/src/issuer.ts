// The entry `@revocast/testing/issuer`: keys, signatures and metadata, for a test issuer with its own form of tokens.

export { discoveryPaths, issuerMetadata, type MetadataParts } from './issuer-metadata.ts';
export {
  createSigningKey,
  type JsonMembers,
  type PublicJwk,
  renameSigningKey,
  type SigningAlgorithm,
  type SigningKey,
  signToken,
} from './signing-key.ts';
