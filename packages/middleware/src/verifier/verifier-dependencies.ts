import type { Clock, openFeed, openLookUp, openReplayStore, openUsageStore, Random } from '@revocast/denylist/replica';
import type { RequestProofs } from '../binding/replay-store.ts';
import type { FetchDocument } from '../jwks/fetch-document.ts';
import type { KeySource, KeySourceObserver } from '../jwks/key-source.ts';
import type { OptionEnvironment } from '../options/read-option.ts';
import type { Logger } from '../options/telemetry-options.ts';
import type { LaterLookUp } from '../revocation/pending-store.ts';
import type { SharedReplica } from '../revocation/shared-replica.ts';
import type { SignatureThread, StartSignatureThread } from '../signature-thread/signature-thread.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { UsageReporter } from '../usage/usage-reporter.ts';
import { ObjectNames, Shared } from './shared.ts';
import type { StateLog } from './state-log.ts';

/** What a verifier takes from the world. */
export interface VerifierDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly openFeed: typeof openFeed;
  readonly openLookUp: typeof openLookUp;
  readonly openReplayStore: typeof openReplayStore;
  readonly openUsageStore: typeof openUsageStore;
  /** 32 characters or more that nobody can guess: the same each time, so that verifiers of one process agree. */
  readonly processSecret: () => string;
  /** Says whether an address is in a list of addresses and networks. @throws ConfigurationError */
  readonly addressList: (option: string, entries: readonly string[]) => (address: string) => boolean;
  /** Makes what asks issuers for their key sets. */
  readonly documentFetcher: (options: {
    readonly maxBytes: number;
    readonly dangerouslyAllowHttp: boolean;
  }) => FetchDocument;
  readonly startSignatureThread: StartSignatureThread;
  /** Calls back once the events that are due have been handled. */
  readonly afterTurn: (callback: () => void) => void;
  readonly environment: OptionEnvironment;
  readonly stderr: (line: string) => void;
  /** Keeps the process alive until the returned function is called. */
  readonly stayAlive: () => () => void;
  readonly shared: SharedResources;
}

/** What verifiers of one process have in common. */
export interface SharedResources {
  readonly feeds: Shared<SharedReplica>;
  readonly lookUps: Shared<LaterLookUp>;
  readonly keys: Shared<SharedKeys>;
  readonly proofs: Shared<RequestProofs>;
  readonly usageReporters: Shared<UsageReporter>;
  readonly signatureThreads: Shared<SignatureThread>;
  readonly logs: Map<Logger | undefined, StateLog>;
  readonly names: ObjectNames;
}

/** A key set, and everybody who counts what happens to it. */
export interface SharedKeys {
  readonly source: KeySource;
  readonly observers: Set<KeySourceObserver>;
}

/** Nothing shared yet. */
export function newSharedResources(): SharedResources {
  return {
    feeds: new Shared(),
    lookUps: new Shared(),
    keys: new Shared(),
    proofs: new Shared(),
    usageReporters: new Shared(),
    signatureThreads: new Shared(),
    logs: new Map(),
    names: new ObjectNames(),
  };
}

/** What the parts of one verifier are taken with. */
export interface PartDependencies {
  readonly world: VerifierDependencies;
  readonly telemetry: Telemetry;
  readonly log: StateLog | undefined;
  /** Run when the verifier is closed. */
  readonly releases: (() => Promise<void> | void)[];
}
