import { ConfigurationError } from '@revocast/denylist';
import { checkWholeNumber, suggestName } from '@revocast/denylist/replica';
import type { TokenKeys } from '../token/token-keys.ts';
import type { SidForm } from './attachments.ts';

export interface AttachOptions {
  /** How long an answer waits until what it ended is logged, 0–60,000 ms, default 1000. After it, what is pending stays noted. */
  readonly waitMs?: number | undefined;
  /**
   * What the claim `sid` of access tokens holds, default `session`.
   * - `session`: the session at the authorization server, one for all clients
   * - `client`: the session of the client, the `sid` of its ID and logout tokens (OpenID Connect Back-Channel Logout §2.1);
   *   `session` for a client whose ID tokens carry none. A logout then logs one revocation more for each client of the session.
   */
  readonly sid?: SidForm | undefined;
  /** The public keys that sign access tokens: a key set or its URL. Default: the URL of the provider. Only for `/token/revocation`. */
  readonly keys?: TokenKeys | undefined;
}

const optionNames = ['waitMs', 'sid', 'keys'] as const satisfies readonly (keyof AttachOptions)[];
const sidForms: readonly SidForm[] = ['session', 'client'];

/** The options with their defaults. @throws ConfigurationError with the option, what was expected and what was found. */
export function checkAttachOptions(options: AttachOptions): { readonly waitMs: number; readonly sid: SidForm } {
  const unknown = Object.keys(options).find((name) => !optionNames.some((known) => known === name));
  if (unknown !== undefined) {
    const meant = suggestName(unknown, optionNames);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new ConfigurationError(unknown.slice(0, 64), `expected one of ${optionNames.join(', ')}${hint}`);
  }
  const { waitMs = 1000, sid = 'session' } = options;
  checkWholeNumber('waitMs', waitMs, { least: 0, most: 60_000, unit: 'ms' });
  if (!sidForms.includes(sid)) {
    throw new ConfigurationError('sid', `expected one of ${sidForms.join(', ')}, found another value`);
  }
  return { waitMs, sid };
}
