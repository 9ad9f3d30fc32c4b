import {
  type Clock,
  ConfigurationError,
  fanOut,
  openReplica,
  openSource,
  type Random,
  randomHex,
  systemClock,
  systemRandom,
} from '@revocast/denylist/replica';
import { createFeedServer, Readers } from '@revocast/denylist/server';
import type { Logger } from 'pino';
import { type ListenAddress, parseListenAddress } from './config/listen-address.ts';
import { type Config, type ConfigInput, configSchema } from './config/schema.ts';
import { createConsole } from './console/create-console.ts';
import { createRevocationHistory } from './console/revocation-history.ts';
import { createProbes } from './health/probes.ts';
import { proveAtOnce } from './health/prove-at-once.ts';
import { watchSource } from './health/watch-source.ts';
import { adminRoutes, createAdminListener } from './listeners/admin-listener.ts';
import { dataRoutes } from './listeners/check-request.ts';
import { createDataListener } from './listeners/data-listener.ts';
import { listen } from './listeners/listen.ts';
import { openTokenFile } from './listeners/token-file.ts';
import { createShutdown } from './shutdown.ts';
import { countUsage } from './telemetry/count-usage.ts';
import { openLog } from './telemetry/log.ts';
import { logFailureOnce, logStateChanges } from './telemetry/log-state-changes.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import { sidecarVersion } from './version.ts';

export interface RunningSidecar {
  /** What API processes and relays follow: `http://127.0.0.1:7471` or `unix:/path`. */
  readonly dataUrl: string;
  /** Where `/readyz` and `/metrics` are. */
  readonly adminUrl: string;
  /** Drains, says goodbye to its readers and closes; once, however often it is called. Never rejects. */
  stop(): Promise<void>;
}

export interface SidecarWorld {
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Follows a source and serves it. Resolves once both listeners are bound, whether the source can be reached or not:
 * that is what the probes are for.
 *
 * @param input as in a configuration file; port 0 takes any free one.
 * @throws ConfigurationError naming the option that is wrong, or that cannot be bound.
 */
export async function startSidecar(input: ConfigInput, world: SidecarWorld = {}): Promise<RunningSidecar> {
  const config = parseConfig(input);
  const { clock = systemClock, random = systemRandom, log = openLog({ level: config.logLevel }) } = world;
  const tokens = config.tokenFile === undefined ? {} : { tokens: openTokenFile(config.tokenFile) };
  const version = { version: sidecarVersion, node: process.version };
  const telemetry = createTelemetry({ clock, version });

  const source = await openSource(config.source, {
    clock,
    random,
    tokenFile: config.sourceTokenFile,
  });
  const readers = new Readers(clock, randomHex(8), config.maxStalenessMs);
  const history = createRevocationHistory();
  const replica = openReplica({
    feed: source.feed,
    // A sidecar answers no requests: upstream it speaks for the replicas behind it.
    reader: readers,
    clock,
    random,
    maxStalenessMs: config.maxStalenessMs,
    maxRules: config.maxRules,
    observer: fanOut([logStateChanges(log), history.observer, telemetry.observer]),
    reseed: source.reseed,
  });
  const { clientClasses } = config;
  const usage =
    source.usage &&
    countUsage({
      usage: source.usage,
      replica,
      clock,
      clientClasses,
      onFailure: logFailureOnce(log, 'usage cannot be counted'),
    });
  const feedServer = createFeedServer({
    replica,
    readers,
    log: telemetry.countRevocations(source.log),
    clock,
    countUsage: usage?.count,
    lastRelease: config.lastReleaseWire === 'on',
  });
  const watch = watchSource({ source, clock, log });
  const probes = createProbes({ replica, clock, source: watch, whenUnknown: config.whenUnknown });
  const observed = { replica, readers, feedServer, probes, source: watch, history };
  const pages = createConsole({
    ...observed,
    clock,
    version: version.version,
    maxStalenessMs: config.maxStalenessMs,
  });
  const closeSource = async () => {
    pages.close();
    watch.close();
    probes.close();
    feedServer.close();
    usage?.close();
    await replica.close();
    await source.close();
  };

  const { allowedHosts, maxReaders } = config;
  const dataAddress = addressOf('dataListen', config);
  const dataHandlers = createDataListener({
    address: dataAddress,
    feedServer,
    console: pages,
    ...tokens,
    allowedHosts,
    maxReaders,
  });
  const adminApp = createAdminListener({ probes, metrics: telemetry.exposition, version });
  const listeners = await listenBoth(
    () => listen(telemetry.countRequests(dataHandlers, dataRoutes), dataAddress, 'dataListen'),
    () =>
      listen(
        telemetry.countRequests({ request: adminApp }, adminRoutes),
        addressOf('adminListen', config),
        'adminListen',
      ),
    closeSource,
  );
  telemetry.watch({ replica, probes, feedServer, source: watch, usage });

  // Last, so that a sidecar that cannot start never held the lease.
  const heartbeat = source.startHeartbeat?.({
    holder: readers.id,
    onFailure: logFailureOnce(log, 'no heartbeat can be written'),
  });
  if (heartbeat !== undefined) proveAtOnce(replica, heartbeat);
  log.info({ source: source.name, data: listeners.data.url, admin: listeners.admin.url }, 'started');

  const stop = createShutdown({
    clock,
    drainMs: config.drainMs,
    onFailure: (step) => log.warn({ step }, 'a step of stopping failed'),
    steps: {
      markStopping() {
        probes.markStopping();
        log.info({ drainMs: config.drainMs }, 'stopping');
      },
      ...(heartbeat === undefined ? {} : { stopHeartbeat: () => heartbeat.stop() }),
      sayGoodbye: () => feedServer.sayGoodbye(),
      closeListeners: async () => {
        await Promise.all([listeners.data.close(), listeners.admin.close()]);
      },
      async closeSource() {
        await closeSource();
        log.info({}, 'stopped');
      },
    },
  });
  return { dataUrl: listeners.data.url, adminUrl: listeners.admin.url, stop };
}

function parseConfig(input: ConfigInput): Config {
  const parsed = configSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigurationError(String(issue?.path[0] ?? 'config'), issue?.message ?? 'invalid');
}

function addressOf(option: 'dataListen' | 'adminListen', config: Config): ListenAddress {
  const address = parseListenAddress(config[option]);
  // The schema has refused it before.
  if (address === undefined) throw new ConfigurationError(option, `cannot be read: ${config[option]}`);
  return address;
}

type Listener = Awaited<ReturnType<typeof listen>>;

/** Binds both or none. */
async function listenBoth(
  listenData: () => Promise<Listener>,
  listenAdmin: () => Promise<Listener>,
  undo: () => Promise<void>,
): Promise<{ readonly data: Listener; readonly admin: Listener }> {
  let data: Listener | undefined;
  try {
    data = await listenData();
    return { data, admin: await listenAdmin() };
  } catch (error) {
    await data?.close();
    await undo();
    throw error;
  }
}
