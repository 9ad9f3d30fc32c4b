import {
  ConfigurationError,
  checkOptions,
  checkWholeNumber,
  isJsonObject,
  unexpected,
} from '@revocast/denylist/replica';
import type { JsonMembers } from './signing-key.ts';

/** What a token is to say. Everything has a default, so that `token()` is valid for the profile of the kit. */
export interface TestTokenOptions {
  /** The user. Default `alice`. */
  readonly subject?: string | undefined;
  /** Default `shop-web`; in tokens of Cognito the audience. */
  readonly client?: string | undefined;
  /** Each without a space. Default none. */
  readonly scopes?: readonly string[] | undefined;
  /** Default: a new one for each token. */
  readonly tokenId?: string | undefined;
  /** Default none. Tokens of Cognito have none. */
  readonly session?: string | undefined;
  /** Default none. Only tokens of `rfc9068`, `generic` and `cognito` have one. */
  readonly grant?: string | undefined;
  /** Default none; in tokens of Entra a fixed one. Only tokens of `auth0` and `entra` have one. */
  readonly tenant?: string | undefined;
  /** Claim seconds: a whole number from 0. Default now. */
  readonly issuedAt?: number | undefined;
  /** `exp - iat`. Whole seconds, from 1 to ten years, default 600. For another `exp`, replace the claim. */
  readonly expiresIn?: number | undefined;
  /** Adds or replaces claims. `undefined` removes one. */
  readonly claims?: JsonMembers | undefined;
  /** Adds or replaces members of the header. `undefined` removes one. */
  readonly header?: JsonMembers | undefined;
}

const names = [
  'subject',
  'client',
  'tokenId',
  'session',
  'grant',
  'tenant',
] as const satisfies (keyof TestTokenOptions)[];
const objects = ['claims', 'header'] as const satisfies (keyof TestTokenOptions)[];
const optionNames: readonly string[] = [
  ...names,
  ...objects,
  ...(['scopes', 'issuedAt', 'expiresIn'] satisfies (keyof TestTokenOptions)[]),
];

/** The last second of the year 9999. */
const latestSeconds = 253_402_300_799;
const tenYearsSeconds = 315_360_000;

/** @throws ConfigurationError for an unknown option, or a value that its claim cannot have. */
export function checkTokenOptions(options: TestTokenOptions): void {
  checkOptions('token', options, optionNames);
  for (const name of names) if (options[name] !== undefined) checkText(name, options[name]);
  for (const name of objects) {
    const value = options[name];
    if (value !== undefined && !isJsonObject(value)) throw unexpected(name, 'an object', value);
  }
  const { scopes = [], issuedAt = 0, expiresIn = 1 } = options;
  checkScopes(scopes);
  checkWholeNumber('issuedAt', issuedAt, { least: 0, most: latestSeconds, unit: 'claim seconds' });
  checkWholeNumber('expiresIn', expiresIn, { least: 1, most: tenYearsSeconds, unit: 's' });
}

/** @throws ConfigurationError for anything but a string that is not empty. */
export function checkText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw unexpected(name, 'a string that is not empty', value);
}

function checkScopes(scopes: unknown): void {
  if (!Array.isArray(scopes)) throw unexpected('scopes', 'an array of strings', scopes);
  for (const scope of scopes) {
    // RFC 6749 §3.3: a space separates scopes.
    if (typeof scope === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(scope)) continue;
    throw new ConfigurationError(
      'scopes',
      "expected an array of scopes, each without a space, such as ['orders:read']",
    );
  }
}
