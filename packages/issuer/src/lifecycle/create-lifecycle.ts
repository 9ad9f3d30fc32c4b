import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { createPublisher } from '@revocast/denylist';
import { disposable, randomHex, systemClock, systemRandom } from '@revocast/denylist/replica';
import { ActiveTokens } from '../telemetry/active-tokens.ts';
import { createTokenObserver } from '../telemetry/create-token-observer.ts';
import { countersOn, noCounters } from '../telemetry/issuer-counters.ts';
import type { Lifecycle } from './lifecycle.ts';
import { checkLifecycleOptions, type LifecycleOptions } from './lifecycle-options.ts';
import { LifecycleOver } from './lifecycle-over.ts';
import { StampedTokens } from './stamped-tokens.ts';

/**
 * A lifecycle for one issuer. Checks the store; an unreachable log is not an error here.
 *
 * @throws ConfigurationError · StoreError when the store does not answer
 */
export async function createLifecycle(options: LifecycleOptions): Promise<Lifecycle> {
  const checked = checkLifecycleOptions(options);
  const { issuer, log, store, issuerSpreadSeconds, openTelemetry, metrics } = checked;
  await store?.outbox.prepare();
  await store?.families?.prepare();
  const counters = metrics === undefined ? noCounters : countersOn(metrics.registry);
  const isOurs = typeof log === 'string';
  const publisher = isOurs
    ? await createPublisher(log, { ...checked.publisher, clock: 'issuer', issuerSpreadSeconds, openTelemetry })
    : log;
  const active = new ActiveTokens({ clientClasses: checked.clientClasses, clock: systemClock });
  const stampedTokens = new StampedTokens({
    clock: systemClock,
    spreadSeconds: issuerSpreadSeconds,
    stampedAhead: () => counters.stampedAhead(),
  });
  const lifecycle = new LifecycleOver({
    issuer,
    publisher,
    store,
    issuerSpreadSeconds,
    stampedTokens,
    keys: checked.keys,
    subjectsOf: checked.subjectsOf,
    captureContext: () => AsyncLocalStorage.snapshot(),
    observe: createTokenObserver({
      openTelemetry,
      clientClasses: checked.clientClasses,
      countActive: checked.countActive,
      active,
      onStorm: checked.onStorm,
      tokenIssued: (iat) => stampedTokens.stamped(iat),
      refreshedEarly: () => counters.refreshedEarly(),
      clock: systemClock,
    }),
    watchLiveAccess: (count) => active.watchFamilies(count),
    counters,
    clock: systemClock,
    random: systemRandom,
    newId: () => randomHex(16),
    randomBytes,
    close: async () => {
      try {
        if (isOurs) await publisher.close();
      } finally {
        await store?.outbox.close();
      }
    },
  });
  if (checked.worker) lifecycle.start();
  return disposable<Omit<Lifecycle, typeof Symbol.asyncDispose>>(lifecycle);
}
