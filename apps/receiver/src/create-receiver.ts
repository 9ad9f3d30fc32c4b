import { join } from 'node:path';
import { type CreatePublisherOptions, createPublisher, type Publisher } from '@revocast/denylist';
import {
  type Clock,
  ConfigurationError,
  errorCodeOf,
  openLookUp,
  type Random,
  systemClock,
  systemRandom,
} from '@revocast/denylist/replica';
import { codeOf, createShutdown, openCertificate, openLog, registerMetrics } from '@revocast/sidecar/service';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { parseOptions } from './config/check-options.ts';
import type { ReceiverConfig, ReceiverOptions } from './config/receiver-options.ts';
import { findMissingFiles } from './config/source-files.ts';
import { loggedStates, rememberedStates } from './delivery/account-states.ts';
import { createDeliver } from './delivery/deliver.ts';
import { LogHealth, probeLog } from './delivery/log-health.ts';
import type { ReceivePorts } from './delivery/receive.ts';
import { settleToken } from './delivery/settle-token.ts';
import { bindListeners } from './listeners/bind-listeners.ts';
import type { OpenRoute } from './listeners/open-route.ts';
import { routeOf } from './listeners/source-routes.ts';
import { type RunningSource, runSource } from './running-sources.ts';
import { Quarantine } from './spool/quarantine.ts';
import { Spool } from './spool/spool.ts';
import { createKeySets } from './streams/open-keys.ts';
import { startPolling } from './streams/start-polling.ts';
import { countSignals } from './telemetry/count-signals.ts';
import { logKeyFailures } from './telemetry/log-key-failures.ts';
import { measure } from './telemetry/measure.ts';
import { receiverMetrics } from './telemetry/receiver-metrics.ts';

/** A receiver that runs. */
export interface Receiver extends AsyncDisposable {
  /** Below it lie the routes: `<dataUrl>/<name of a source>`. */
  readonly dataUrl: string;
  /** Probes and metrics. */
  readonly adminUrl: string;
  /** Serves until the drain time is over, waits for what is being delivered, and closes everything. Never rejects. */
  stop(): Promise<void>;
}

export interface ReceiverDependencies {
  /** Writes to the log in place of one for the option `log`. Its owner closes it. */
  readonly publisher?: Publisher | undefined;
  readonly log?: Logger | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/**
 * Starts a receiver: it takes the messages of identity providers, and answers each one only when the log, or the spool, has
 * what follows from it. Resolves as soon as both listeners are bound, also while the log or an issuer cannot be reached.
 *
 * @param input the options of a configuration file; the hooks of a source may be functions. Port 0 binds any free port.
 * @throws ConfigurationError that names the option that is wrong, or whose address cannot be bound.
 */
export async function createReceiver(
  input: ReceiverOptions,
  dependencies: ReceiverDependencies = {},
): Promise<Receiver> {
  const config = parseOptions(input);
  const [missing] = findMissingFiles(config.sources);
  if (missing !== undefined) throw new ConfigurationError(missing.option, missing.message);
  const { clock = systemClock, random = systemRandom } = dependencies;
  const { log = openLog({ component: 'receiver', level: config.logLevel }) } = dependencies;
  const cleanUps: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of cleanUps.splice(0).reverse()) await close();
  };
  try {
    return await start({ config, clock, random, log, cleanUps, closeAll, given: dependencies.publisher });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface StartParts {
  readonly config: ReceiverConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly cleanUps: (() => Promise<void> | void)[];
  readonly closeAll: () => Promise<void>;
  readonly given: Publisher | undefined;
}

async function start({ config, clock, random, log, cleanUps, closeAll, given }: StartParts): Promise<Receiver> {
  const nowMs = () => clock.wallMs();
  const registry = new Registry();
  const metrics = registerMetrics(receiverMetrics, registry);
  const stopping = new AbortController();

  const publisher = given ?? (await createPublisher(config.log, publisherOptions(config, clock, log)));
  if (given === undefined) cleanUps.push(() => publisher.close());
  const states = await openStates(config, publisher, { clock, random });
  cleanUps.push(states.close);
  const health = new LogHealth(log);

  const keySets = createKeySets({ ...config, clock, random, observer: logKeyFailures(log) });
  cleanUps.push(keySets.close);
  const running = new Map<string, RunningSource>();
  const keys = new Map<string, ReturnType<typeof keySets.keysOf>>();
  for (const source of config.sources) {
    const keysOf = keySets.keysOf;
    keys.set(source.name, keysOf(source));
    running.set(source.name, runSource(source, { keysOf, clock, random, log, metrics, signal: stopping.signal }));
  }
  const counter = countSignals({
    metrics,
    sources: config.sources,
    clock,
    log,
    onVerified: (source, state) => running.get(source)?.stream?.verified(state),
  });
  const deliver = createDeliver({
    publisher: health.watch(publisher),
    states: states.states,
    sources: running,
    observer: counter,
    nowMs,
    log,
  });

  const spool =
    config.spool === undefined
      ? undefined
      : await Spool.open(config.spool, {
          clock,
          log,
          deliver,
          maxMessages: config.spoolMaxMessages,
          hasSource: (name) => running.has(name),
          onFull: (signals) => {
            for (const signal of signals) counter.signalDelivered(signal, 'unavailable');
          },
          onNotDurable: (signals) => {
            for (const signal of signals) counter.signalDelivered(signal, 'not_durable');
          },
          onLost: () => counter.lost('spool'),
        });
  if (spool !== undefined) cleanUps.push(() => spool.close());
  const delivering: ReceivePorts = { deliver, counter, spool, nowMs };
  const quarantine =
    config.spool === undefined
      ? undefined
      : await Quarantine.open(join(config.spool, 'quarantine'), {
          clock,
          log,
          settle: (message) => settleToken(message, running, delivering),
          onDisplaced: (name) => counter.refused(name, 'unusable_key'),
          onLost: () => counter.lost('spool'),
        });
  if (quarantine !== undefined) cleanUps.push(() => quarantine.close());

  const ports: ReceivePorts = { ...delivering, quarantine };
  const routes = new Map<string, OpenRoute>();
  for (const [name, source] of running) {
    const { endRefreshTokens, resolve } = source;
    const hooks = endRefreshTokens && { endRefreshTokens, resolve };
    const route = routeOf({ ...source, context: (at) => source.context(at), ports, clock, log, hooks });
    if (route !== undefined) routes.set(name, route);
    if (route?.close !== undefined) cleanUps.push(() => route.close?.());
  }

  let isStopping = false;
  const certificate = openCertificate({
    config,
    clock,
    onInvalid: (option, reason) => log.warn({ option, reason }, 'the changed certificate is not used'),
  });
  if (certificate !== undefined) cleanUps.push(() => certificate.close());
  const listeners = await bindListeners({
    config,
    clock,
    routes,
    certificate,
    isStopping: () => isStopping,
    metrics: {
      contentType: registry.contentType,
      metrics() {
        measure(metrics, { keys, spool, quarantine, isReady: !isStopping, isLogReachable: health.isReachable });
        return registry.metrics();
      },
    },
  });
  const polls = [...running.values()].map((source) =>
    startPolling(source, { ports: { deliver, counter, nowMs }, clock, random, log, metrics, signal: stopping.signal }),
  );
  const probing = states.lookUp && probeLog(states.lookUp, { health, clock, signal: stopping.signal });
  // The first message must not wait for the first fetch.
  for (const keySet of keys.values()) void keySet.prefetch?.();
  log.info({ data: listeners.dataUrl, admin: listeners.adminUrl, sources: config.sources.length }, 'started');

  const stop = createShutdown({
    clock,
    drainMs: config.drainMs,
    onFailure: (step, error) => log.warn({ step, error: codeOf(error) }, 'a step of stopping failed'),
    steps: {
      markStopping() {
        isStopping = true;
        log.info({ drainMs: config.drainMs }, 'stopping');
      },
      closeListeners: () => listeners.close(),
      async closeSource() {
        stopping.abort();
        await Promise.all([...polls, probing]);
        await closeAll();
        log.info({}, 'stopped');
      },
    },
  });
  return { dataUrl: listeners.dataUrl, adminUrl: listeners.adminUrl, stop, [Symbol.asyncDispose]: stop };
}

function publisherOptions(config: ReceiverConfig, clock: Clock, log: Logger): CreatePublisherOptions {
  const { logTokenFile: tokenFile, expectLog, dangerouslyAllowHttp } = config;
  return {
    tokenFile,
    expectLog,
    dangerouslyAllowHttp,
    clock: clock === systemClock ? undefined : clock,
    observer: {
      warned: (warning) => log.warn({ warning }, 'the log may lose revocations, or no process trusts an issuer'),
    },
  };
}

/** Only Redis can be asked for one rule. */
async function openStates(
  { log: url, expectLog }: ReceiverConfig,
  publisher: Publisher,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
) {
  if (!url.startsWith('redis')) return { states: rememberedStates(), lookUp: undefined, close: () => undefined };
  try {
    const lookUp = await openLookUp(url, { clock, random, expectLog, timeoutMs: 1000 });
    return { states: loggedStates(lookUp, publisher), lookUp, close: () => lookUp.close() };
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause;
    throw new ConfigurationError('log', `cannot be asked (${errorCodeOf(cause) ?? 'unknown'})`, { cause });
  }
}
