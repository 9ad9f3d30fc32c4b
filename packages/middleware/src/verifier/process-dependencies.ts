import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  openFeed,
  openLookUp,
  openReplayStore,
  openUsageStore,
  processLabel,
  systemClock,
  systemRandom,
} from '@revocast/denylist/replica';
import { addressList } from '../binding/address-list.ts';
import { createDocumentFetcher } from '../jwks/fetch-key-set.ts';
import { startSignatureThread } from '../signature-thread/start-thread.ts';
import { newSharedResources, type VerifierDependencies } from './verifier-dependencies.ts';

let dependencies: VerifierDependencies | undefined;

/** The clocks, connections and environment of this process. Made with the first verifier: an import starts nothing. */
export function processDependencies(): VerifierDependencies {
  dependencies ??= createDependencies();
  return dependencies;
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
    afterTurn: (callback) => void setImmediate(callback),
    environment: process.env,
    processLabel,
    stderr: (line) => void process.stderr.write(`${line}\n`),
    stayAlive: () => {
      const timer = setInterval(() => {}, 2 ** 31 - 1);
      return () => clearInterval(timer);
    },
    shared: newSharedResources(),
  };
}
