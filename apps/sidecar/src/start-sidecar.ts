import { type Clock, openSource, type Random, systemClock, systemRandom } from '@revocast/denylist/replica';
import type { Logger } from 'pino';
import { parseConfig } from './config/check-config.ts';
import type { Config, ConfigInput } from './config/schema.ts';
import { type FollowedSource, followSource, type SidecarContext } from './follow-source.ts';
import { proveAtOnce } from './health/prove-at-once.ts';
import { bindListeners } from './listeners/bind-listeners.ts';
import { openCredentials } from './listeners/credentials.ts';
import { serveFeed } from './serve-feed.ts';
import { createShutdown } from './shutdown.ts';
import { readStateFile } from './state-file.ts';
import { openLog } from './telemetry/log.ts';
import { codeOf, logFailureOnce } from './telemetry/log-state-changes.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import { build } from './version.ts';

export interface RunningSidecar extends AsyncDisposable {
  /** The URL that API processes and relays follow: `http://127.0.0.1:7471` or `unix:/path`. */
  readonly dataUrl: string;
  /** The URL under which `/readyz` and `/metrics` are served. */
  readonly adminUrl: string;
  /**
   * Serves until the drain time is over, tells the readers to connect elsewhere, and closes everything. Further calls
   * return the same promise. Never rejects. `await using` calls it.
   */
  stop(): Promise<void>;
}

export interface SidecarDependencies {
  readonly log?: Logger | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/**
 * Follows a source and serves it. Resolves as soon as both listeners are bound, even if the source cannot be reached:
 * the probes report the state of the source.
 *
 * @param input the options of a configuration file; port 0 binds any free port.
 * @throws ConfigurationError that names the option that is wrong, or whose address cannot be bound.
 */
export async function startSidecar(
  input: ConfigInput,
  dependencies: SidecarDependencies = {},
): Promise<RunningSidecar> {
  const config = parseConfig(input);
  const { clock = systemClock, random = systemRandom, log = openLog({ level: config.logLevel }) } = dependencies;
  const files = await openFiles(config, clock, log);
  const telemetry = createTelemetry(clock, build);
  const context = { config, clock, random, log, telemetry, build };

  const { sourceTokenFile: tokenFile, dangerouslyAllowHttp } = config;
  const ports = { clock, random, tokenFile, dangerouslyAllowHttp };
  const source = await openSource(config.source, ports).catch((error: unknown) => {
    files.close();
    throw error;
  });
  const remembered = config.stateFile === undefined ? undefined : await readStateFile(config.stateFile, log);
  const followed = followSource(source, context, remembered);
  const served = serveFeed(followed, context);
  const closeParts = async () => {
    files.close();
    served.close();
    await followed.close();
  };
  const listeners = await bindListeners({ ...served, ...files, probes: followed.probes }, context).catch(
    async (error: unknown) => {
      await closeParts();
      throw error;
    },
  );
  telemetry.watch({ ...followed, ...served });
  // Started last: a sidecar that cannot start must never hold the lease for heartbeats.
  const heartbeat = startHeartbeat(followed, context);
  log.info(
    { source: source.name, data: listeners.dataUrl, admin: listeners.adminUrl, console: consoleOf(listeners.dataUrl) },
    'started',
  );

  const stop = createShutdown({
    clock,
    drainMs: config.drainMs,
    onFailure: (step, error) => log.warn({ step, error: codeOf(error) }, 'a step of stopping failed'),
    steps: {
      markStopping() {
        followed.probes.markStopping();
        log.info({ drainMs: config.drainMs }, 'stopping');
      },
      stopHeartbeat: () => heartbeat?.stop(),
      sayGoodbye: () => served.feedServer.sayGoodbye(),
      closeListeners: () => listeners.close(),
      async closeSource() {
        await closeParts();
        log.info({}, 'stopped');
      },
    },
  });
  return { dataUrl: listeners.dataUrl, adminUrl: listeners.adminUrl, stop, [Symbol.asyncDispose]: stop };
}

/** Where a person opens the console; a browser cannot open a Unix socket. */
function consoleOf(dataUrl: string): string | undefined {
  return dataUrl.startsWith('unix:') ? undefined : `${dataUrl}/console`;
}

/** The files that are read again when they change. @throws ConfigurationError */
async function openFiles(config: Config, clock: Clock, log: Logger) {
  const onInvalid = (option: string, reason: string) =>
    log.warn({ option, reason }, 'the changed certificate is not used');
  // Loads TLS, which needs 4 MB.
  const certificate =
    config.dataTlsCertFile === undefined
      ? undefined
      : (await import('./listeners/certificate.ts')).openCertificate({ config, clock, onInvalid });
  try {
    const credentials = openCredentials({
      config,
      clock,
      onLost: (option, reason) => log.warn({ option, reason }, 'the tokens of this file are not valid any longer'),
    });
    return {
      certificate,
      credentials,
      close() {
        certificate?.close();
        credentials.close();
      },
    };
  } catch (error) {
    certificate?.close();
    throw error;
  }
}

function startHeartbeat(
  { source, readers, replica, memory }: FollowedSource,
  { config, log }: Pick<SidecarContext, 'config' | 'log'>,
) {
  const onFailure = logFailureOnce(log, 'no heartbeat can be written');
  const heartbeat = source.startHeartbeat?.({ holder: readers.id, memory, expectLog: config.expectLog, onFailure });
  if (heartbeat !== undefined) proveAtOnce(replica, heartbeat);
  return heartbeat;
}
