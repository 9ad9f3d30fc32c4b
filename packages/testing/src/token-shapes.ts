import { ConfigurationError } from '@revocast/denylist/replica';
import type { JsonMembers } from './signing-key.ts';

/** What a token of the kit says, in words that are the same for every profile. */
export interface TokenContent {
  readonly issuer: string;
  readonly audience: string;
  /** Default `alice`. */
  readonly subject: string;
  /** Default `shop-web`; in tokens of Cognito the audience. */
  readonly client: string | undefined;
  readonly scopes: readonly string[];
  readonly tokenId: string;
  readonly session: string | undefined;
  readonly grant: string | undefined;
  readonly tenant: string | undefined;
  /** Claim seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface ShapedToken {
  readonly header: JsonMembers;
  readonly claims: JsonMembers;
}

/** How an identity provider writes an access token. `null`: its tokens have no such claim. */
interface Shape {
  /** `typ` of the header; undefined: its tokens have none. */
  readonly typ: string | undefined;
  readonly session: string | null;
  readonly grant: string | null;
  readonly tenant: string | null;
  readonly claims: (content: TokenContent & { readonly client: string }) => JsonMembers;
}

const defaultClient = 'shop-web';
const defaultTenant = '8f6e2a10-5c1b-4a44-9d0e-7f3c2b1a0d9e';
const spaced = (scopes: readonly string[]) => (scopes.length === 0 ? undefined : scopes.join(' '));

const rfc9068: Shape = {
  typ: 'at+jwt',
  session: 'sid',
  grant: 'grant_id',
  tenant: null,
  // RFC 9068 §2.2
  claims: ({ subject, client, audience, tokenId, scopes }) => ({
    sub: subject,
    aud: audience,
    client_id: client,
    jti: tokenId,
    scope: spaced(scopes),
  }),
};

/** The forms of the profiles of `@revocast/middleware`. A test compares both lists. */
const shapes = {
  rfc9068,
  generic: { ...rfc9068, typ: 'JWT' },
  keycloak: {
    typ: 'JWT',
    session: 'sid',
    grant: null,
    tenant: null,
    claims: ({ subject, client, audience, tokenId, scopes, issuedAt }) => ({
      sub: subject,
      aud: [audience, 'account'],
      typ: 'Bearer',
      azp: client,
      jti: tokenId,
      auth_time: issuedAt,
      acr: '1',
      scope: spaced(scopes),
      preferred_username: subject,
    }),
  },
  auth0: {
    typ: 'JWT',
    session: 'sid',
    grant: null,
    tenant: 'org_id',
    claims: ({ subject, client, issuer, audience, tokenId, scopes }) => ({
      sub: subject,
      aud: [audience, `${issuer}userinfo`],
      azp: client,
      jti: tokenId,
      scope: spaced(scopes) ?? '',
      permissions: [...scopes],
    }),
  },
  okta: {
    typ: undefined,
    session: 'sid',
    grant: null,
    tenant: null,
    // In tokens of Okta `uid` is the user, and `sub` a name that can change.
    claims: ({ subject, client, audience, tokenId, scopes, issuedAt }) => ({
      ver: 1,
      sub: `${subject}@example.com`,
      uid: subject,
      aud: audience,
      cid: client,
      jti: tokenId,
      auth_time: issuedAt,
      scp: scopes.length === 0 ? undefined : [...scopes],
    }),
  },
  entra: {
    typ: 'JWT',
    session: 'sid',
    grant: null,
    tenant: 'tid',
    // In tokens of Entra `oid` is the user, and `sub` differs between APIs.
    claims: ({ subject, client, audience, tokenId, scopes, tenant = defaultTenant }) => ({
      ver: '2.0',
      sub: `pairwise-${subject}`,
      oid: subject,
      tid: tenant,
      aud: audience,
      azp: client,
      azpacr: '1',
      uti: tokenId,
      scp: spaced(scopes),
      preferred_username: `${subject}@example.com`,
    }),
  },
  cognito: {
    typ: undefined,
    session: null,
    grant: 'origin_jti',
    tenant: null,
    // Without a resource the app client is the audience, and there is no `aud`.
    claims: ({ subject, client, audience, tokenId, scopes, issuedAt }) => ({
      sub: subject,
      username: subject,
      client_id: client,
      aud: client === audience ? undefined : audience,
      token_use: 'access',
      jti: tokenId,
      auth_time: issuedAt,
      scope: spaced(scopes),
    }),
  },
} as const satisfies Record<string, Shape>;

export type TestProfile = keyof typeof shapes;
export const testProfiles: readonly string[] = Object.keys(shapes);

export function isTestProfile(value: unknown): value is TestProfile {
  return typeof value === 'string' && Object.hasOwn(shapes, value);
}

/** @throws ConfigurationError for a value that the tokens of this profile cannot have. */
export function shapeToken(profile: TestProfile, content: TokenContent): ShapedToken {
  const shape: Shape = shapes[profile];
  const { issuer, issuedAt, expiresAt, audience } = content;
  const client = content.client ?? (profile === 'cognito' ? audience : defaultClient);
  const named = (['session', 'grant', 'tenant'] as const).flatMap((name) => {
    const value = content[name];
    if (value === undefined) return [];
    const claim = shape[name];
    if (claim !== null) return [[claim, value] as const];
    throw new ConfigurationError(name, `expected none: access tokens of the profile ${profile} have no ${name}`);
  });
  return {
    header: { typ: shape.typ },
    claims: {
      iss: issuer,
      iat: issuedAt,
      exp: expiresAt,
      ...shape.claims({ ...content, client }),
      ...Object.fromEntries(named),
    },
  };
}
