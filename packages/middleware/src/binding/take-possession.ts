import type { Clock, OnceStore } from '@revocast/denylist/replica';
import { withTimeout } from '@revocast/denylist/replica';
import type { ResolvedDpop } from '../options/binding-options.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { safeText } from '../revocation/log-feed.ts';
import type { PartDependencies } from '../verifier/verifier-dependencies.ts';
import { Nonces } from './nonces.ts';
import { type DpopParts, Possession, type PossessionParts } from './possession.ts';
import { MemoryReplayStore, type ReplayStore, RequestProofs } from './replay-store.ts';

type Around = Pick<PartDependencies, 'world' | 'log' | 'releases'>;

/** Puts together what has clients prove their keys, from the options. @throws ConfigurationError */
export function takePossession(
  { dpop, clientCertificate, clockToleranceMs }: ResolvedOptions,
  around: Around,
  verifySignature: PossessionParts['verifySignature'],
): { readonly possession: Possession; readonly dpop: DpopParts | undefined } {
  const { world } = around;
  const now = () => world.clock.wallMs();
  const parts = dpop && {
    ...dpop,
    clockToleranceMs,
    replays: takeReplays(dpop, around),
    nonces: dpop.nonces
      ? new Nonces({ secret: dpop.nonceSecret ?? world.processSecret(), lifetimeMs: dpop.nonceLifetimeMs, now })
      : undefined,
  };
  const certificateHeader = clientCertificate && {
    header: clientCertificate.header,
    isTrusted: world.addressList('clientCertificate.trustedProxies', clientCertificate.trustedProxies),
  };
  return { possession: new Possession({ dpop: parts, certificateHeader, verifySignature, now }), dpop: parts };
}

/** Verifiers of one process that name the same place share it: a proof shown to one was shown to all. */
function takeReplays({ replays, maxReplays }: ResolvedDpop, { world, log, releases }: Around): RequestProofs {
  const { clock, random, openReplayStore, shared } = world;
  const id = typeof replays === 'object' ? shared.names.nameOf(replays) : replays;
  const lease = shared.proofs.take(JSON.stringify([id, maxReplays]), () => {
    if (typeof replays === 'object') return new RequestProofs(bounded(replays, clock));
    if (replays === undefined) {
      return new RequestProofs(new MemoryReplayStore({ maxEntries: maxReplays, now: () => clock.monotonicMs() }));
    }
    const failed = (error: unknown) =>
      log?.say('replays', 'warn', `revocast: dpop.replays cannot be used: ${safeText(error)}`);
    return new RequestProofs(opening(openReplayStore(replays, { clock, random }), failed));
  });
  releases.push(async () => {
    // Whoever hands in an opened one closes it.
    if (lease.release() && typeof replays !== 'object') await lease.value.close();
  });
  return lease.value;
}

/** A store of somebody else's may take this long, ms; then nobody can tell. */
const storeTimeoutMs = 1000;

function bounded(store: ReplayStore, clock: Clock): ReplayStore {
  const limit = { clock, timeoutMs: storeTimeoutMs, late: 'unknown' as const };
  return {
    take: (name, lifetimeMs) => {
      const answer = store.take(name, lifetimeMs);
      return typeof answer === 'string' ? answer : withTimeout(answer, limit).catch(() => limit.late);
    },
    close: () => store.close(),
  };
}

/** Until the store is open, and if it cannot be opened at all, nobody can tell. */
function opening(opened: Promise<OnceStore>, failed: (error: unknown) => void): ReplayStore {
  const store = opened.catch((error: unknown) => {
    failed(error);
    return undefined;
  });
  return {
    take: async (name, lifetimeMs) => (await store)?.take(name, lifetimeMs) ?? 'unknown',
    close: async () => await (await store)?.close(),
  };
}
