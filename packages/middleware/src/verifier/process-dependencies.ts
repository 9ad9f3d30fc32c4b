import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  afterTurn,
  openFeed,
  openLookUp,
  openReplayStore,
  openUsageStore,
  processLabel,
  processWide,
  stayAlive,
  systemClock,
  systemRandom,
} from '@revocast/denylist/replica';
import { addressList } from '../binding/address-list.ts';
import { createDocumentFetcher } from '../jwks/fetch-key-set.ts';
import { startSignatureThread } from '../signature-thread/start-thread.ts';
import { newSharedResources, type VerifierDependencies } from './verifier-dependencies.ts';

/**
 * The clocks, connections and environment of this process. Made with the first verifier: an import starts nothing. All copies
 * of this package use the same: what is promised for a process, such as that a DPoP proof is accepted once, holds for all.
 */
export function processDependencies(): VerifierDependencies {
  return processWide('middleware.dependencies.1', createDependencies);
}

function createDependencies(): VerifierDependencies {
  let secret: string | undefined;
  return {
    clock: systemClock,
    random: systemRandom,
    openFeed,
    openLookUp,
    openReplayStore,
    openUsageStore,
    processSecret: () => {
      secret ??= randomBytes(32).toString('base64url');
      return secret;
    },
    addressList,
    // `fetch` is read on each call: instrumentation may have replaced it since.
    documentFetcher: (bounds) =>
      createDocumentFetcher({ ...bounds, fetch: (input, init) => globalThis.fetch(input, init) }),
    // With one processor a thread would only take turns with this one.
    startSignatureThread: availableParallelism() > 1 ? startSignatureThread : () => undefined,
    afterTurn,
    environment: process.env,
    processLabel,
    stderr: (line) => void process.stderr.write(`${line}\n`),
    stayAlive,
    shared: newSharedResources(),
  };
}
