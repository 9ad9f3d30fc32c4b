import { ConfigurationError } from '../errors.ts';

/**
 * Which claim carries what a revocation can name. A list names alternatives: the first that is there counts. `null`: the
 * issuer has no such claim. Publisher and verifier must agree on it, or a revocation hits nothing.
 */
export interface ClaimMap {
  readonly token: ClaimName;
  readonly session: ClaimName;
  readonly grant: ClaimName;
  readonly subject: ClaimName;
  readonly client: ClaimName;
  readonly tenant: ClaimName;
}
export type ClaimName = string | readonly string[] | null;

/** What the access tokens of an identity provider look like. */
export interface Profile {
  /** Accepted `typ` headers, lower case, without `application/`; `''` accepts a token without one. */
  readonly types: readonly string[];
  /** Claims that must be there, beside `iss`, `exp`, `iat` and the subject; of a list, one of them. */
  readonly requiredClaims: readonly (string | readonly string[])[];
  /** The claim with the audience. */
  readonly audienceClaim: string;
  /** Claims that must have exactly this value, to tell access tokens from the provider's other tokens. */
  readonly fixedClaims: Readonly<Record<string, string>>;
  /** Claims with scopes or permissions: a string with spaces, or an array of strings. */
  readonly scopeClaims: readonly string[];
  readonly claimMap: ClaimMap;
}

/** RFC 9068 §2.2 and §4. */
const rfc9068: Profile = {
  types: ['at+jwt'],
  requiredClaims: ['aud', 'client_id', 'jti'],
  audienceClaim: 'aud',
  fixedClaims: {},
  scopeClaims: ['scope'],
  claimMap: {
    token: 'jti',
    session: 'sid',
    grant: 'grant_id',
    subject: 'sub',
    client: 'client_id',
    tenant: null,
  },
};

/** Accepts what most issuers sign; says least about what it is. Prefer a named profile. */
const generic: Profile = {
  ...rfc9068,
  types: ['at+jwt', 'jwt', ''],
  requiredClaims: [],
  scopeClaims: ['scope', 'scp'],
  claimMap: { ...rfc9068.claimMap, client: ['client_id', 'azp', 'cid'] },
};

export const profiles = {
  rfc9068,
  generic,
  keycloak: {
    ...generic,
    types: ['jwt', 'at+jwt'],
    requiredClaims: ['jti', 'azp'],
    // ID tokens say `ID`, refresh tokens `Refresh`; the header is the same for all.
    fixedClaims: { typ: 'Bearer' },
    scopeClaims: ['scope'],
    claimMap: { ...rfc9068.claimMap, client: 'azp', grant: null },
  },
  auth0: {
    ...generic,
    types: ['jwt', 'at+jwt'],
    requiredClaims: [],
    scopeClaims: ['scope', 'permissions'],
    claimMap: { ...rfc9068.claimMap, client: ['client_id', 'azp'], grant: null, tenant: 'org_id' },
  },
  okta: {
    ...generic,
    types: ['', 'jwt', 'at+jwt', 'okta-internal-at+jwt'],
    // Only access tokens carry `cid`.
    requiredClaims: ['jti', 'cid'],
    scopeClaims: ['scp'],
    // Without a user (client credentials) there is no `uid`; `sub` is then the client.
    claimMap: { ...rfc9068.claimMap, subject: ['uid', 'sub'], client: 'cid', grant: null },
  },
  entra: {
    ...generic,
    types: ['jwt', 'at+jwt'],
    // An ID token for the same application differs only in that no client asked for it: it has neither azp nor appid.
    requiredClaims: ['tid', 'uti', ['azp', 'appid']],
    scopeClaims: ['scp', 'roles'],
    claimMap: {
      token: 'uti',
      session: 'sid',
      grant: null,
      // `sub` differs from API to API; `oid` is the account.
      subject: ['oid', 'sub'],
      client: ['azp', 'appid'],
      tenant: 'tid',
    },
  },
  cognito: {
    ...generic,
    types: ['', 'jwt', 'at+jwt'],
    requiredClaims: ['jti', 'client_id'],
    // Access tokens of Cognito have no `aud`: the audience to configure is the app client id.
    audienceClaim: 'client_id',
    fixedClaims: { token_use: 'access' },
    scopeClaims: ['scope'],
    claimMap: { ...rfc9068.claimMap, session: null, grant: 'origin_jti' },
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as readonly ProfileName[];

/** Where Entra's issuer URL names the tenant. */
const tenantPlaceholder = '{tenantid}';

/**
 * Returns the issuers meant by one configured issuer: itself, or one for each allowed tenant when it holds `{tenantid}`.
 * A pattern alone would trust every tenant there is, the attacker's included.
 *
 * @throws ConfigurationError when placeholder and allow-list do not come together.
 */
export function expandIssuer(issuer: string, tenants: readonly string[] | undefined): readonly string[] {
  const hasPlaceholder = issuer.includes(tenantPlaceholder);
  if (!hasPlaceholder && tenants === undefined) return [issuer];
  if (!hasPlaceholder) throw new ConfigurationError('tenants', `needs an issuer with ${tenantPlaceholder} in it`);
  if (tenants === undefined || tenants.length === 0) {
    throw new ConfigurationError('tenants', `list the tenant ids that ${tenantPlaceholder} may stand for`);
  }
  return tenants.map((tenant) => issuer.replaceAll(tenantPlaceholder, tenant));
}
