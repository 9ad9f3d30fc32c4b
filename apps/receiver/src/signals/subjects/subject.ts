import type { JsonObject } from '@revocast/denylist/replica';
import type { SourceProfile } from '../source-profile.ts';

/** What a subject identifier names, in the dimensions of a revocation. */
export type Subject =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'token'; readonly issuers: readonly string[]; readonly token: string }
  | ({ readonly kind: 'user'; readonly issuers: readonly string[]; readonly subject: string } & UserDetails)
  /** No token contains it: the subject must be looked up. */
  | ({ readonly kind: 'identifier'; readonly identifier: JsonObject } & UserDetails)
  | { readonly kind: 'tenant'; readonly tenant: string }
  /** It belongs to an issuer that is not one of the source's. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unsupported' };

interface UserDetails {
  /** Only the tokens of this client. */
  readonly client?: string | undefined;
  /** The identifier names less than the user: a device, a group, a session that tokens do not contain. */
  readonly isWidened?: boolean;
}

/** What an event is about: a session (or a token) if it names one, else a user; or always the user. */
export type Scope = 'session' | 'account';

/** What else decides how an identifier is read. */
export interface SubjectContext {
  readonly source: SourceProfile;
  readonly scope: Scope;
}
