import { ConfigurationError } from '@revocast/denylist';
import { processWide } from '@revocast/denylist/replica';

/** What the claim `sid` of access tokens holds. */
export type SidForm = 'session' | 'client';

/** How a provider was attached. */
export interface Attachment {
  readonly sid: SidForm;
  readonly mapsSubjects: boolean;
}

const attachments = processWide('oidc-attachments.1', () => new WeakMap<object, Attachment>());

/** @throws ConfigurationError for a provider that is attached: its ends would be reported twice. */
export function noteAttachment(provider: object, attachment: Attachment): void {
  if (attachments.has(provider)) {
    throw new ConfigurationError('provider', 'expected one call of attach() for each provider, found a second one');
  }
  attachments.set(provider, attachment);
}

/**
 * The attachment of the provider of a request; undefined for code that issues a token outside a request, without a context.
 *
 * @throws ConfigurationError when `attach` was not called.
 */
export function attachmentOf(context: unknown): Attachment | undefined {
  const provider = providerOf(context);
  if (provider === undefined) return undefined;
  const attachment = attachments.get(provider);
  if (attachment !== undefined) return attachment;
  throw new ConfigurationError(
    'extraTokenClaims',
    'expected a provider for which attach(provider, lifecycle) was called, found another one. Call it after `new Provider()`',
  );
}

function providerOf(context: unknown): object | undefined {
  if (typeof context !== 'object' || context === null || !('oidc' in context)) return undefined;
  const { oidc } = context;
  if (typeof oidc !== 'object' || oidc === null || !('provider' in oidc)) return undefined;
  return typeof oidc.provider === 'object' && oidc.provider !== null ? oidc.provider : undefined;
}
