import { ConfigurationError } from '../errors.ts';
import { createKeySource } from '../jwks/create-key-source.ts';
import type { KeySource, KeySourceObserver } from '../jwks/key-source.ts';
import { parseKeySet } from '../jwks/parse-key-set.ts';
import { StaticKeySet } from '../jwks/static-key-set.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { ResolvedIssuer } from '../options/resolve-issuers.ts';
import type { PartDependencies } from './verifier-dependencies.ts';

/**
 * Takes the key source of an issuer: its own when the keys are given, else the one that all verifiers share which name
 * the same place.
 *
 * @throws ConfigurationError when none of the given keys can be used.
 */
export function takeKeys(
  { alias, keys }: ResolvedIssuer,
  { keySet: limits, dangerouslyAllowHttp }: ResolvedOptions,
  { world, telemetry, releases }: Omit<PartDependencies, 'log'>,
): KeySource {
  const observer = telemetry.keySourceObserver(alias);
  if ('jwks' in keys) {
    const parsed = parseKeySet(keys.jwks, limits.maxKeys);
    if (!parsed.ok) throw new ConfigurationError('jwks', `holds no public key that can be used (${parsed.code})`);
    return new StaticKeySet(parsed.keySet, observer);
  }
  const lease = world.shared.keys.take(JSON.stringify([keys, limits, dangerouslyAllowHttp]), () => {
    const observers = new Set<KeySourceObserver>();
    const { clock, random, documentFetcher } = world;
    const source = createKeySource({
      location: keys,
      clock,
      random,
      fetchDocument: documentFetcher({ maxBytes: limits.maxBytes, dangerouslyAllowHttp }),
      limits,
      observer: {
        keyLookedUp: (result) => {
          for (const each of observers) each.keyLookedUp?.(result);
        },
        keySetFetched: (fetched) => {
          for (const each of observers) each.keySetFetched?.(fetched);
        },
        keysHeld: (count) => {
          for (const each of observers) each.keysHeld?.(count);
        },
      },
    });
    return { source, observers };
  });
  lease.value.observers.add(observer);
  releases.push(() => {
    if (lease.release()) lease.value.source.close();
  });
  return lease.value.source;
}
