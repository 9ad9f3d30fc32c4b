import type { Clock, Feed, LookUp, Verdict } from '@revocast/denylist/replica';
import { withTimeout } from '@revocast/denylist/replica';
import type { ResolvedRevocation } from '../options/revocation-options.ts';
import type { PartDependencies } from '../verifier/verifier-dependencies.ts';
import { logFeed, safeText } from './log-feed.ts';
import { LaterLookUp } from './pending-store.ts';
import { SharedReplica } from './shared-replica.ts';

/** Takes the denylist that all verifiers share which name the same feed; undefined for look-up only. */
export function takeFeed(revocation: ResolvedRevocation, surroundings: PartDependencies): SharedReplica | undefined {
  const { feed, maxStalenessMs, maxRules, tokenFile } = revocation;
  if (feed === null) return undefined;
  const { world, telemetry, log, releases } = surroundings;
  const { clock, random, openFeed, shared } = world;
  const id = typeof feed === 'string' ? feed : shared.names.nameOf(feed);
  const lease = shared.feeds.take(
    JSON.stringify([id, maxStalenessMs, maxRules, tokenFile]),
    () =>
      new SharedReplica({
        name: nameOf(feed),
        open: () => (typeof feed === 'string' ? openFeed(feed, { clock, random, tokenFile }) : feed),
        clock,
        random,
        maxStalenessMs,
        maxRules,
      }),
  );
  for (const observer of telemetry.feedObservers) lease.value.subscribe(observer);
  const stopLogging = log && logFeed({ feed: lease.value, policy: revocation, log, clock });
  releases.push(async () => {
    stopLogging?.();
    if (lease.release()) await lease.value.close();
  });
  return lease.value;
}

/** A URL may carry a password: only where it leads is shown. */
function nameOf(feed: string | Feed): string {
  if (typeof feed !== 'string') return feed.name;
  if (feed.startsWith('unix:') || !URL.canParse(feed)) return feed.split('?')[0] ?? feed;
  const { protocol, host } = new URL(feed);
  return `${protocol}//${host}`;
}

/** Takes the look-up that all verifiers share which name the same Redis; undefined when none is set. */
export function takeLookUp(
  { lookup, maxStalenessMs, lookupTimeoutMs: timeoutMs }: ResolvedRevocation,
  { world, log, releases }: Omit<PartDependencies, 'telemetry'>,
): LaterLookUp | undefined {
  if (lookup === null) return undefined;
  const { clock, random, openLookUp, shared } = world;
  // Whoever hands in an opened one closes it.
  if (typeof lookup !== 'string') return new LaterLookUp(() => bounded(lookup, clock, timeoutMs));
  const lease = shared.lookUps.take(
    JSON.stringify([lookup, maxStalenessMs, timeoutMs]),
    () => new LaterLookUp(() => openLookUp(lookup, { clock, random, timeoutMs, maxStalenessMs })),
  );
  lease.value.onFailure((error) =>
    log?.say('lookup', 'warn', `revocast: the look-up cannot be used: ${safeText(error)}`),
  );
  releases.push(async () => {
    if (lease.release()) await lease.value.close();
  });
  return lease.value;
}

/** One of somebody else's may forget its own limit. */
function bounded(lookUp: LookUp, clock: Clock, timeoutMs: number): LookUp {
  const late: Verdict = { verdict: 'unknown', cause: 'lookup_timeout' };
  return {
    find: (digests, issuedAt) => withTimeout(lookUp.find(digests, issuedAt), { clock, timeoutMs, late }),
    close: () => lookUp.close(),
  };
}
