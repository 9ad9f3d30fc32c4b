import {
  type Clock,
  type Feed,
  type LookUp,
  type TrustedIssuers,
  type Verdict,
  withTimeout,
} from '@revocast/denylist/replica';
import type { ResolvedRevocation } from '../options/revocation-options.ts';
import type { PartDependencies } from '../verifier/verifier-dependencies.ts';
import { logFeed, safeText } from './log-feed.ts';
import { PendingStore } from './pending-store.ts';
import { SharedReplica } from './shared-replica.ts';

/**
 * Returns the denylist that all verifiers share which name the same feed; undefined for look-up only.
 *
 * @param trusted the issuers of this verifier.
 */
export function takeFeed(
  revocation: ResolvedRevocation,
  trusted: TrustedIssuers,
  { clock, random, openFeed, processLabel, shared, telemetry, log, releases }: PartDependencies,
): SharedReplica | undefined {
  const { feed, maxStalenessMs, maxRules, tokenFile, dangerouslyAllowHttp, label, expectLog } = revocation;
  if (feed === null) return undefined;
  const id = typeof feed === 'string' ? feed : shared.names.nameOf(feed);
  const replica = shared.feeds.take(
    JSON.stringify([id, maxStalenessMs, maxRules, tokenFile, dangerouslyAllowHttp, label, expectLog]),
    releases,
    () =>
      new SharedReplica({
        name: nameOf(feed),
        label: processLabel(label),
        open: () =>
          typeof feed === 'string' ? openFeed(feed, { clock, random, tokenFile, dangerouslyAllowHttp }) : feed,
        clock,
        random,
        maxStalenessMs,
        maxRules,
        expectLog,
      }),
  );
  replica.trust(trusted);
  for (const observer of telemetry.feedObservers) replica.subscribe(observer);
  if (log !== undefined) releases.push(logFeed({ feed: replica, policy: revocation, log, clock }));
  return replica;
}

/** Scheme and host only: a URL may contain a password. */
function nameOf(feed: string | Feed): string {
  if (typeof feed !== 'string') return feed.name;
  if (feed.startsWith('unix:') || !URL.canParse(feed)) return feed.split('?')[0] ?? feed;
  const { protocol, host } = new URL(feed);
  return `${protocol}//${host}`;
}

/** Returns the look-up that all verifiers share which name the same Redis; undefined if none is configured. */
export function takeLookUp(
  { lookup, maxStalenessMs, lookupTimeoutMs: timeoutMs, expectLog }: ResolvedRevocation,
  { clock, random, openLookUp, shared, log, releases }: PartDependencies,
): PendingStore<LookUp> | undefined {
  if (lookup === null) return undefined;
  // A look-up object of the application is closed by the application.
  if (typeof lookup !== 'string') return new PendingStore(() => bounded(lookup, clock, timeoutMs));
  const pending = shared.lookUps.take(
    JSON.stringify([lookup, maxStalenessMs, timeoutMs, expectLog]),
    releases,
    () => new PendingStore(() => openLookUp(lookup, { clock, random, timeoutMs, maxStalenessMs, expectLog })),
  );
  pending.onFailure((error) => log?.say('lookup', 'warn', `revocast: the look-up cannot be used: ${safeText(error)}`));
  return pending;
}

/** The look-up of an application may have no time limit of its own. */
function bounded(lookUp: LookUp, clock: Clock, timeoutMs: number): LookUp {
  const late: Verdict = { verdict: 'unknown', cause: 'lookup_timeout' };
  return {
    find: (digests, issuedAt) => withTimeout(lookUp.find(digests, issuedAt), { clock, timeoutMs, late }),
    close: () => lookUp.close(),
  };
}
