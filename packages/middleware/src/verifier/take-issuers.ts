import { type IssuerDirectory, listedIssuers } from '../issuers/issuer-directory.ts';
import { IssuerResolver } from '../issuers/issuer-resolver.ts';
import { policyOf, type TrustedIssuer } from '../issuers/trusted-issuer.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { ResolvedIssuer } from '../options/resolve-issuers.ts';
import { safeText } from '../revocation/log-feed.ts';
import { takeKeys } from './take-keys.ts';
import type { PartDependencies } from './verifier-dependencies.ts';

/** Returns the issuers of the options, or those that `issuers.resolve` describes. @throws ConfigurationError */
export function takeIssuers(options: ResolvedOptions, dependencies: PartDependencies): IssuerDirectory {
  const { issuers, issuerResolver, keySet, dangerouslyAllowHttp: allowHttp } = options;
  const { clock, telemetry, log, releases } = dependencies;
  const trust = (issuer: ResolvedIssuer, issuerReleases = releases): TrustedIssuer => ({
    issuer: issuer.issuer,
    alias: issuer.alias,
    policy: policyOf(issuer, options),
    keys: takeKeys(issuer, options, { ...dependencies, releases: issuerReleases }),
  });
  for (const { alias } of issuerResolver === undefined ? issuers : [issuerResolver]) telemetry.expectIssuer(alias);
  if (issuerResolver === undefined) return listedIssuers(issuers.map((issuer) => trust(issuer)));
  const resolver = new IssuerResolver({
    resolver: issuerResolver,
    clock,
    hardAgeMs: keySet.hardAgeMs,
    allowHttp,
    questions: dependencies.shared.questions,
    observer: telemetry.keySourceObserver(issuerResolver.alias),
    open: (issuer) => {
      const issuerReleases: typeof releases = [];
      return {
        issuer: trust(issuer, issuerReleases),
        close: () => void Promise.all(issuerReleases.map((release) => release())),
      };
    },
    failed: (error) => log?.say('issuers', 'warn', `revocast: issuers.resolve failed: ${safeText(error)}`),
  });
  releases.push(() => resolver.close());
  return resolver;
}
