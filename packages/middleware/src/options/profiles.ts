import { ConfigurationError } from '../errors.ts';

/** The dimensions of a revocation that are named by a claim. */
export const mappedRoles = ['token', 'session', 'grant', 'subject', 'client', 'tenant'] as const;

/**
 * The claim of each dimension of a revocation. A list names alternatives: the first one that is present counts. `null`: the
 * issuer has no such claim. Publisher and verifier must use the same map, or a revocation has no effect.
 */
export type ClaimMap = Readonly<Record<(typeof mappedRoles)[number], ClaimName>>;
/** What replaces claims of a profile. */
export type ClaimMapChanges = { readonly [Role in keyof ClaimMap]?: ClaimName | undefined };
export type ClaimName = string | readonly string[] | null;

/** The form of the access tokens of an identity provider. */
export interface Profile {
  /** Accepted `typ` headers, lower case, without `application/`; `''` accepts a token without one. */
  readonly types: readonly string[];
  /** Required claims beside `iss`, `exp`, `iat` and the subject; of a list, one of them. */
  readonly requiredClaims: readonly (string | readonly string[])[];
  /** The claims that may name the audience: one of them must. */
  readonly audienceClaims: readonly string[];
  /** Claims that must have one of these values, to distinguish access tokens from other tokens of the provider. */
  readonly fixedClaims: Readonly<Record<string, readonly string[]>>;
  /**
   * No rule above distinguishes ID tokens: a token is then accepted only with `typ: at+jwt`, a scope, or a client that is not
   * its audience, and without a `nonce`.
   */
  readonly idTokensLookAlike: boolean;
  /**
   * Access tokens may name no client. Where ID tokens look alike, such a token is accepted if it has no claim about a sign-in.
   */
  readonly mayNameNoClient: boolean;
  /** Claims with scopes or permissions: a string with spaces, or an array of strings. */
  readonly scopeClaims: readonly string[];
  readonly claimMap: ClaimMap;
}

/** RFC 9068 §2.2 and §4. */
const rfc9068: Profile = {
  types: ['at+jwt'],
  requiredClaims: ['aud', 'client_id', 'jti'],
  audienceClaims: ['aud'],
  fixedClaims: {},
  idTokensLookAlike: false,
  mayNameNoClient: false,
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

/** Accepts the tokens of most issuers, with the fewest checks. Prefer a named profile. */
const generic: Profile = {
  ...rfc9068,
  types: ['at+jwt', 'jwt', ''],
  requiredClaims: [],
  idTokensLookAlike: true,
  mayNameNoClient: true,
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
    // In ID tokens `typ` is `ID`, in refresh tokens `Refresh`; the header is the same for all. `DPoP`: bound to a key.
    fixedClaims: { typ: ['Bearer', 'DPoP'] },
    idTokensLookAlike: false,
    scopeClaims: ['scope'],
    claimMap: { ...rfc9068.claimMap, client: 'azp', grant: null },
  },
  auth0: {
    ...generic,
    types: ['jwt', 'at+jwt'],
    requiredClaims: [],
    mayNameNoClient: false,
    scopeClaims: ['scope', 'permissions'],
    claimMap: { ...rfc9068.claimMap, client: ['client_id', 'azp'], grant: null, tenant: 'org_id' },
  },
  okta: {
    ...generic,
    types: ['', 'jwt', 'at+jwt', 'okta-internal-at+jwt'],
    // Only access tokens have `cid`.
    requiredClaims: ['jti', 'cid'],
    idTokensLookAlike: false,
    scopeClaims: ['scp'],
    // Without a user (client credentials) there is no `uid`; `sub` is then the client.
    claimMap: { ...rfc9068.claimMap, subject: ['uid', 'sub'], client: 'cid', grant: null },
  },
  entra: {
    ...generic,
    types: ['jwt', 'at+jwt'],
    // An ID token for the same application differs only in that it has neither azp nor appid.
    requiredClaims: ['tid', 'uti', ['azp', 'appid']],
    idTokensLookAlike: false,
    scopeClaims: ['scp', 'roles'],
    claimMap: {
      token: 'uti',
      session: 'sid',
      grant: null,
      // `sub` differs between APIs; `oid` is the account.
      subject: ['oid', 'sub'],
      client: ['azp', 'appid'],
      tenant: 'tid',
    },
  },
  cognito: {
    ...generic,
    types: ['', 'jwt', 'at+jwt'],
    requiredClaims: ['jti', 'client_id'],
    // Access tokens of Cognito have no `aud` unless the client asked for a resource: otherwise the app client is the audience.
    audienceClaims: ['aud', 'client_id'],
    fixedClaims: { token_use: ['access'] },
    idTokensLookAlike: false,
    scopeClaims: ['scope'],
    claimMap: { ...rfc9068.claimMap, session: null, grant: 'origin_jti' },
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as readonly ProfileName[];

/**
 * A profile whose claim map is changed. Where the profile requires the claim of a dimension, any of its new alternatives meets
 * the requirement. `null` changes no requirement: it says only that no revocation names the claim.
 */
export function withClaimMap(profile: Profile, changes: ClaimMapChanges): Profile {
  const claimMap: ClaimMap = Object.freeze({ ...profile.claimMap, ...changes });
  const requiredClaims = profile.requiredClaims.map((required) => {
    const dimension = dimensionsOf(profile.claimMap).find((name) => isEqual(profile.claimMap[name], required));
    const claim = dimension === undefined ? null : claimMap[dimension];
    return claim ?? required;
  });
  const isSame = requiredClaims.every((claim, index) => isEqual(claim, profile.requiredClaims[index] ?? null));
  // Some profiles distinguish ID tokens only by a required claim, such as `cid`. An alternative may be in ID tokens too.
  const isDistinct =
    isSame || Object.keys(profile.fixedClaims).length > 0 || profile.types.every((type) => type === 'at+jwt');
  return { ...profile, claimMap, requiredClaims, idTokensLookAlike: profile.idTokensLookAlike || !isDistinct };
}

function dimensionsOf(claimMap: ClaimMap): readonly (keyof ClaimMap)[] {
  return Object.keys(claimMap) as (keyof ClaimMap)[]; // ClaimMap has no other keys
}

function isEqual(one: ClaimName, other: ClaimName): boolean {
  return one !== null && [one].flat().join() === [other ?? []].flat().join();
}

/** The place of the tenant in Entra's issuer URL. */
const tenantPlaceholder = '{tenantid}';

/**
 * Returns the issuers of one configured issuer: itself, or one per listed tenant if it contains `{tenantid}`. A pattern alone
 * would trust every tenant of the provider, an attacker's too.
 *
 * @throws ConfigurationError for a placeholder without tenants, and for tenants without a placeholder.
 */
export function expandIssuer(issuer: string, tenants: readonly string[] | undefined): readonly string[] {
  const hasPlaceholder = issuer.includes(tenantPlaceholder);
  if (!hasPlaceholder && tenants === undefined) return [issuer];
  if (!hasPlaceholder)
    throw new ConfigurationError('tenants', `expected an issuer with ${tenantPlaceholder} in it, found none`);
  if (tenants === undefined || tenants.length === 0) {
    throw new ConfigurationError('tenants', `list the tenant ids that ${tenantPlaceholder} may stand for`);
  }
  return tenants.map((tenant) => issuer.replaceAll(tenantPlaceholder, tenant));
}
