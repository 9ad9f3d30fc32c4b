import { ConfigurationError } from '../errors.ts';
import { createKeySource } from '../jwks/create-key-source.ts';
import { metadataUrls } from '../jwks/discover.ts';
import { printableUrl } from '../jwks/fetch-document.ts';
import type { KeySource, KeySourceObserver } from '../jwks/key-source.ts';
import { parseKeySet } from '../jwks/parse-key-set.ts';
import { StaticKeySet } from '../jwks/static-key-set.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { ResolvedIssuer } from '../options/resolve-issuers.ts';
import { logKeys } from './log-keys.ts';
import type { PartDependencies } from './verifier-dependencies.ts';

/**
 * Returns the key source of an issuer: its own if the options contain the keys, otherwise the one that all verifiers
 * share which name the same location.
 *
 * @throws ConfigurationError if none of the given keys can be used.
 */
export function takeKeys(
  { alias, keys }: ResolvedIssuer,
  { keySet: limits, dangerouslyAllowHttp }: ResolvedOptions,
  { clock, random, documentFetcher, shared, telemetry, log, releases }: PartDependencies,
): KeySource {
  const observer = telemetry.keySourceObserver(alias);
  if ('jwks' in keys) {
    const parsed = parseKeySet(keys.jwks, limits.maxKeys, limits.maxRsaBits);
    if (!parsed.ok)
      throw new ConfigurationError('jwks', `expected a public key that can verify tokens, found none (${parsed.code})`);
    return new StaticKeySet(parsed.keySet, observer);
  }
  const key = JSON.stringify([keys, limits, dangerouslyAllowHttp]);
  const taken = shared.keys.take(key, releases, () => {
    const observers = new Set<KeySourceObserver>();
    const source = createKeySource({
      location: keys,
      clock,
      random,
      fetchDocument: documentFetcher({ maxBytes: limits.maxBytes, dangerouslyAllowHttp }),
      limits,
      questions: shared.questions,
      observer: {
        keyLookedUp: (result) => {
          for (const each of observers) each.keyLookedUp?.(result);
        },
        keySetFetched: (fetched) => {
          for (const each of observers) each.keySetFetched?.(fetched);
        },
        keySetFailed: (failure) => {
          for (const each of observers) each.keySetFailed?.(failure);
        },
        keysHeld: (count) => {
          for (const each of observers) each.keysHeld?.(count);
        },
      },
    });
    return { source, observers, close: () => source.close() };
  });
  taken.observers.add(observer);
  if (log !== undefined) {
    const [location = alias] = 'jwksUri' in keys ? [keys.jwksUri] : metadataUrls(keys.issuer);
    const logged = logKeys(alias, printableUrl(location) ?? alias, log);
    taken.observers.add(logged);
    releases.push(() => void taken.observers.delete(logged));
  }
  return taken.source;
}
