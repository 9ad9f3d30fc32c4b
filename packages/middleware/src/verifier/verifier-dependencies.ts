import type {
  Clock,
  LookUp,
  openFeed,
  openLookUp,
  openReplayStore,
  openUsageStore,
  Random,
} from '@revocast/denylist/replica';
import type { RequestProofs } from '../binding/replay-store.ts';
import type { FetchDocument } from '../jwks/fetch-document.ts';
import type { KeySource, KeySourceObserver } from '../jwks/key-source.ts';
import { processQuestions } from '../jwks/process-questions.ts';
import type { OptionEnvironment } from '../options/read-option.ts';
import type { Logger } from '../options/telemetry-options.ts';
import type { PendingStore } from '../revocation/pending-store.ts';
import type { SharedReplica } from '../revocation/shared-replica.ts';
import type { SignatureThread, StartSignatureThread } from '../signature-thread/signature-thread.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { SlowChecks } from '../token/slow-checks.ts';
import type { UsageReporter } from '../usage/usage-reporter.ts';
import { ObjectNames, Shared } from './shared.ts';
import type { StateLog } from './state-log.ts';

/** Everything outside of this package that a verifier uses: clocks, randomness, connections, the environment. */
export interface VerifierDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly openFeed: typeof openFeed;
  readonly openLookUp: typeof openLookUp;
  readonly openReplayStore: typeof openReplayStore;
  readonly openUsageStore: typeof openUsageStore;
  /** 32 unguessable characters or more. The same on each call, so that verifiers of one process accept the same nonces. */
  readonly processSecret: () => string;
  /** Returns whether an address is in a list of addresses and networks. @throws ConfigurationError */
  readonly addressList: (option: string, entries: readonly string[]) => (address: string) => boolean;
  readonly documentFetcher: (options: {
    readonly maxBytes: number;
    readonly dangerouslyAllowHttp: boolean;
  }) => FetchDocument;
  readonly startSignatureThread: StartSignatureThread;
  /** Calls back once the events that are due have been handled. */
  readonly afterTurn: (callback: () => void) => void;
  readonly environment: OptionEnvironment;
  /** Names this process for people; `name` is its own part of the label. */
  readonly processLabel: (name?: string) => string;
  readonly stderr: (line: string) => void;
  /** Keeps the process alive until the returned function is called. */
  readonly stayAlive: () => () => void;
  readonly shared: SharedResources;
}

/** A key set, and the observers that count its events: one for each registry. */
export interface SharedKeys {
  readonly source: KeySource;
  readonly observers: Set<KeySourceObserver>;
  close(): void;
}

/** What the verifiers of one process have in common. */
export type SharedResources = ReturnType<typeof newSharedResources>;

export function newSharedResources() {
  return {
    feeds: new Shared<SharedReplica>(),
    lookUps: new Shared<PendingStore<LookUp>>(),
    keys: new Shared<SharedKeys>(),
    proofs: new Shared<RequestProofs>(),
    usageReporters: new Shared<UsageReporter>(),
    signatureThreads: new Shared<SignatureThread>(),
    logs: new Map<Logger | undefined, StateLog>(),
    names: new ObjectNames(),
    questions: processQuestions(),
    slowChecks: new SlowChecks(),
  };
}

/** What the parts of one verifier are made with. */
export interface PartDependencies extends VerifierDependencies {
  readonly telemetry: Telemetry;
  readonly log: StateLog | undefined;
  /** Called when the verifier is closed. Each part adds its own. */
  readonly releases: (() => Promise<void> | void)[];
}
