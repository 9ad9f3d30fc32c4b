/** The paths of the metadata of an issuer without a path (RFC 8414 §3, OpenID Connect Discovery §4). */
export const discoveryPaths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'] as const;

export interface MetadataParts {
  /** The issuer identifier. */
  readonly issuer: string;
  /** Scheme, host and port of the endpoints. */
  readonly origin: string;
  readonly jwksUri: string;
  readonly algorithm: string;
}

/** The metadata of an issuer: RFC 8414 §2, and the members that OpenID Connect Discovery §3 requires. */
export function issuerMetadata({ issuer, origin, jwksUri, algorithm }: MetadataParts): Record<string, unknown> {
  return {
    issuer,
    jwks_uri: jwksUri,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  };
}
