import type { SourceOf } from './source-list.ts';

/** Origins to which a credential for a transmitter may go: those that the configuration names. */
export function configuredOrigins(source: SourceOf<'ssf'>): ReadonlySet<string> {
  const { issuer, transmitter, pollUrl, tokenEndpoint, jwksUri } = source;
  const urls = [issuer, transmitter, pollUrl, tokenEndpoint, jwksUri].filter((url) => url !== undefined);
  return new Set(urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin));
}
