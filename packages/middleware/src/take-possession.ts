import type { OnceStore } from '@revocast/denylist/replica';
import type { ResolvedDpop } from './binding/binding-options.ts';
import { Nonces } from './binding/nonces.ts';
import { type DpopParts, Possession, type PossessionParts } from './binding/possession.ts';
import { MemoryReplayStore, type ReplayStore } from './binding/replay-store.ts';
import type { ResolvedOptions } from './options.ts';
import { safeText } from './revocation/log-feed.ts';
import type { Surroundings } from './verifier-world.ts';

type Around = Pick<Surroundings, 'world' | 'log' | 'releases'>;

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
      ? new Nonces({ secret: dpop.nonceSecret ?? world.drawSecret(), lifetimeMs: dpop.nonceLifetimeMs, now })
      : undefined,
  };
  const certificateHeader = clientCertificate && {
    header: clientCertificate.header,
    isTrusted: world.addressList('clientCertificate.trustedProxies', clientCertificate.trustedProxies),
  };
  return { possession: new Possession({ dpop: parts, certificateHeader, verifySignature, now }), dpop: parts };
}

function takeReplays({ replays, maxReplays }: ResolvedDpop, { world, log, releases }: Around): ReplayStore {
  const { clock, random, openOnceStore } = world;
  // Whoever hands in an opened one closes it.
  if (typeof replays === 'object') return replays;
  const store =
    replays === undefined
      ? new MemoryReplayStore({ maxEntries: maxReplays, now: () => clock.monotonicMs() })
      : opening(openOnceStore(replays, { clock, random }), (error) =>
          log?.say('replays', 'warn', `revocast: dpop.replays cannot be used: ${safeText(error)}`),
        );
  releases.push(() => store.close());
  return store;
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
