import {
  type Clock,
  fanOut,
  LogMemory,
  type OpenedSource,
  openReplica,
  processLabel,
  type Random,
  type RememberedLog,
  type Replica,
  randomHex,
} from '@revocast/denylist/replica';
import { Readers } from '@revocast/denylist/server';
import type { Logger } from 'pino';
import { isHostLocal, parseListenAddress } from './config/listen-address.ts';
import type { Config } from './config/schema.ts';
import { createRevocationHistory, type RevocationHistory } from './console/revocation-history.ts';
import { createProbes, type Probes, type ReadyWhen } from './health/probes.ts';
import { type SourceWatch, watchSource } from './health/watch-source.ts';
import { keepStateFile } from './state-file.ts';
import { logStateChanges } from './telemetry/log-state-changes.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Build } from './version.ts';

/** Readers on other hosts can follow another sidecar; the process beside this one has only this one. */
function readyWhenBehind(dataListen: string): ReadyWhen {
  const address = parseListenAddress(dataListen);
  return address === undefined || isHostLocal(address) ? 'synchronised' : 'fresh';
}

/** What all parts of one sidecar share. */
export interface SidecarContext {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly build: Build;
}

/** The rules of the source in memory, and what is observed about them and about the source. */
export interface FollowedSource {
  readonly source: OpenedSource;
  readonly replica: Replica;
  readonly readers: Readers;
  readonly history: RevocationHistory;
  readonly memory: LogMemory;
  readonly sourceWatch: SourceWatch;
  readonly probes: Probes;
  close(): Promise<void>;
}

/**
 * Starts to replicate the source. The result owns the source and closes it.
 *
 * @param remembered what an earlier run of this sidecar remembers of the log.
 */
export function followSource(
  source: OpenedSource,
  context: SidecarContext,
  remembered?: RememberedLog,
): FollowedSource {
  const { config, clock, random, log, telemetry } = context;
  const { maxStalenessMs } = config;
  const readers = new Readers({ clock, id: randomHex(8), label: processLabel('sidecar'), maxStalenessMs });
  const memory = new LogMemory(clock, remembered);
  const history = createRevocationHistory();
  const replica = openReplica({
    feed: source.feed,
    // A sidecar decides no requests: it reports the progress of the replicas behind it to its source.
    reader: readers,
    clock,
    random,
    maxStalenessMs,
    maxRules: config.maxRules,
    observer: fanOut([logStateChanges(log), history.observer, telemetry.observer]),
    reseed: source.reseed,
    memory,
    expectLog: config.expectLog,
  });
  const sourceWatch = watchSource({ source, clock, log });
  const { whenUnknown, startupMaxMs } = config;
  const onGaveUp = () =>
    log.warn({ startupMaxMs }, 'no first snapshot within startupMaxMs: the API starts without it, by its own policy');
  const readyWhen = config.readyWhen ?? readyWhenBehind(config.dataListen);
  const probes = createProbes({ replica, clock, sourceWatch, whenUnknown, readyWhen, startupMaxMs, onGaveUp });
  const { stateFile: path } = config;
  const closeStateFile = path === undefined ? undefined : keepStateFile({ path, memory, clock, log });
  return {
    source,
    replica,
    readers,
    history,
    memory,
    sourceWatch,
    probes,
    async close() {
      sourceWatch.close();
      probes.close();
      await replica.close();
      await closeStateFile?.();
      await source.close();
    },
  };
}
