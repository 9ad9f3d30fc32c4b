import { openFeed, openLookUp, openReplayStore, openUsageStore } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { addressList } from '../src/binding/address-list.ts';
import { createDocumentFetcher } from '../src/jwks/fetch-key-set.ts';
import type { OptionEnvironment } from '../src/options/read-option.ts';
import { newSharedResources, type VerifierDependencies } from '../src/verifier/verifier-dependencies.ts';

export interface TestDependencies extends VerifierDependencies {
  readonly clock: FakeClock;
  /** Lines written to stderr. */
  readonly lines: string[];
  /** Requested URLs. Every request fails unless `fetch` is given. */
  readonly fetched: string[];
}

export interface TestDependencyOptions {
  readonly fetch?: typeof globalThis.fetch;
  readonly environment?: OptionEnvironment;
}

/** A clock that stands still, no network and no environment. */
export function testDependencies({ fetch, environment = {} }: TestDependencyOptions = {}): TestDependencies {
  const lines: string[] = [];
  const fetched: string[] = [];
  const recorded: typeof globalThis.fetch = async (input, init) => {
    fetched.push(String(input));
    if (fetch === undefined) throw new TypeError('no network in this test');
    return fetch(input, init);
  };
  return {
    clock: new FakeClock(),
    random: () => 0.5,
    openFeed,
    openLookUp,
    openReplayStore,
    openUsageStore,
    processSecret: () => 'a secret of this test',
    addressList,
    documentFetcher: (bounds) => createDocumentFetcher({ ...bounds, fetch: recorded }),
    startSignatureThread: () => undefined,
    afterTurn: (callback) => void setImmediate(callback),
    environment,
    processLabel: (name) => ['host', '7', name].filter((part) => part !== undefined).join('/'),
    stderr: (line) => void lines.push(line),
    stayAlive: () => () => {},
    shared: newSharedResources(),
    lines,
    fetched,
  };
}
