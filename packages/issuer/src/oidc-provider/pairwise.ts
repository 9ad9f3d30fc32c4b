import type { OidcProvider } from './provider.ts';

/**
 * Whether clients of a provider can have pairwise subjects. The library does not show its configuration, but it accepts the
 * metadata of such a client only if `subjectTypes` allows it. The client is not stored.
 */
export function allowsPairwiseSubjects({ Client }: OidcProvider): boolean {
  const probe: ClientMetadata = {
    client_id: 'revocast-probe',
    client_secret: 'never used, and 32 characters or more',
    redirect_uris: ['https://probe.invalid/'],
    subject_type: 'pairwise',
  };
  try {
    new (Client as new (metadata: ClientMetadata) => object)(probe);
    return true;
  } catch {
    // A provider that refuses the probe for another reason is found by `claimsOf`, at the first token of such a client.
    return false;
  }
}

interface ClientMetadata {
  readonly client_id: string;
  readonly client_secret: string;
  readonly redirect_uris: readonly string[];
  readonly subject_type: 'pairwise';
}
