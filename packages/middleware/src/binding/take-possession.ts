import { type Clock, withTimeout } from '@revocast/denylist/replica';
import type { ResolvedDpop } from '../options/binding-options.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { safeText } from '../revocation/log-feed.ts';
import { PendingStore } from '../revocation/pending-store.ts';
import { verifySignature } from '../token/signature.ts';
import type { PartDependencies } from '../verifier/verifier-dependencies.ts';
import { Nonces } from './nonces.ts';
import { type DpopParts, Possession } from './possession.ts';
import { ProofMemory, type ReplayStore, RequestProofs } from './replay-store.ts';

/** Returns the check of possession that the options describe. @throws ConfigurationError */
export function takePossession(
  { dpop, clientCertificate, clockToleranceMs, keySet }: ResolvedOptions,
  dependencies: PartDependencies,
): { readonly possession: Possession; readonly dpop: DpopParts | undefined } {
  const { clock, processSecret, addressList } = dependencies;
  const now = () => clock.wallMs();
  const parts = dpop && {
    ...dpop,
    clockToleranceMs,
    maxRsaBits: keySet.maxRsaBits,
    replays: takeReplays(dpop, dependencies),
    nonces: dpop.nonces
      ? new Nonces({ secret: dpop.nonceSecret ?? processSecret(), lifetimeMs: dpop.nonceLifetimeMs, now })
      : undefined,
  };
  const certificateHeader = clientCertificate && {
    header: clientCertificate.header,
    isTrusted: addressList('clientCertificate.trustedProxies', clientCertificate.trustedProxies),
  };
  const check = dependencies.shared.slowChecks.beside(verifySignature);
  return {
    possession: new Possession({ dpop: parts, certificateHeader, verifySignature: check, now }),
    dpop: parts,
  };
}

/** Verifiers of one process that name the same store share it: a proof is then good once in the process. */
function takeReplays({ replays, maxReplays }: ResolvedDpop, dependencies: PartDependencies): RequestProofs {
  const { shared, releases } = dependencies;
  const id = typeof replays === 'object' ? shared.names.nameOf(replays) : replays;
  return shared.proofs.take(JSON.stringify([id, maxReplays]), releases, () => {
    const memory = new ProofMemory({ maxEntries: maxReplays, now: () => dependencies.clock.monotonicMs() });
    return new RequestProofs(memory, replays === undefined ? undefined : openReplays(replays, dependencies));
  });
}

function openReplays(
  replays: NonNullable<ResolvedDpop['replays']>,
  { clock, random, openReplayStore, log }: PartDependencies,
): ReplayStore {
  if (typeof replays === 'object') return bounded(replays, clock);
  const pending = new PendingStore(() => openReplayStore(replays, { clock, random }));
  pending.onFailure((error) =>
    log?.say('replays', 'warn', `revocast: dpop.replays cannot be used: ${safeText(error)}`),
  );
  return {
    take: async (name, lifetimeMs) => (await pending.opened())?.take(name, lifetimeMs) ?? 'unknown',
    close: () => pending.close(),
  };
}

/** How long the store of an application may take, ms; after that the answer is `unknown`. */
const storeTimeoutMs = 1000;

function bounded(store: ReplayStore, clock: Clock): ReplayStore {
  const limit = { clock, timeoutMs: storeTimeoutMs, late: 'unknown' as const };
  return {
    take: (name, lifetimeMs) => {
      const answer = store.take(name, lifetimeMs);
      return typeof answer === 'string' ? answer : withTimeout(answer, limit).catch(() => limit.late);
    },
    // The application closes its own store.
    close: async () => {},
  };
}
