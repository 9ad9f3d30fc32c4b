import { ConfigurationError } from '@revocast/denylist';
import { checkWholeNumber, isName, longestName, unexpected } from '@revocast/denylist/replica';
import type { Binding, NewGrant, TokenUse } from '../families.ts';

const largestDataBytes = 16_384;
const thumbprint = /^[A-Za-z0-9_-]{43}$/;

export function checkGrant(grant: NewGrant): void {
  checkName('subject', grant.subject);
  if (grant.session !== undefined) checkName('session', grant.session);
  checkName('client', grant.client);
  checkLifetime(grant);
  if (grant.data === undefined) return;
  const text = JSON.stringify(grant.data);
  if (text === undefined || Buffer.byteLength(text) > largestDataBytes) {
    throw new ConfigurationError('data', `expected JSON of at most ${largestDataBytes} bytes`);
  }
}

export function checkLifetime({ accessSeconds }: Pick<TokenUse, 'accessSeconds'>): void {
  checkWholeNumber('accessSeconds', accessSeconds, { least: 1, most: 86_400, unit: 's' });
}

/**
 * The text that the store compares.
 *
 * @throws ConfigurationError for a binding without a SHA-256 thumbprint: a family must not lose its binding by a mistake.
 */
export function readBinding(binding: Binding | undefined): string | undefined {
  if (binding === undefined) return undefined;
  const { jkt, 'x5t#S256': x5t }: { jkt?: unknown; 'x5t#S256'?: unknown } = { ...binding };
  if (typeof jkt === 'string' && x5t === undefined && thumbprint.test(jkt)) return `jkt:${jkt}`;
  if (typeof x5t === 'string' && jkt === undefined && thumbprint.test(x5t)) return `x5t#S256:${x5t}`;
  throw new ConfigurationError('binding', 'expected { jkt } or { "x5t#S256" } with the base64url text of a SHA-256');
}

function checkName(option: string, value: unknown): void {
  if (isName(value)) return;
  throw unexpected(option, `1–${longestName} characters of valid Unicode, none of them U+0000`, value);
}
