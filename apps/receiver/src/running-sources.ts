import type { Clock, Random } from '@revocast/denylist/replica';
import { logFailureOnce } from '@revocast/sidecar/service';
import type { Logger } from 'pino';
import { readOptionFile } from './config/source-files.ts';
import type { Source, SourceOf } from './config/source-list.ts';
import { profileOf } from './config/source-profile.ts';
import { createEndRefreshTokens } from './delivery/end-refresh-tokens.ts';
import { createResolver, type Resolver } from './delivery/resolve.ts';
import type { SignalKeys, SourceProfile, VerifyingContext } from './signals/index.ts';
import { postJson, sendRequest } from './streams/http-client.ts';
import { type ManagedStream, manageStream } from './streams/manage-stream.ts';
import { createTransmitterClient, type TransmitterClient } from './streams/transmitter-client.ts';
import { setState } from './telemetry/count-signals.ts';
import type { ReceiverMetrics } from './telemetry/receiver-metrics.ts';

/** A source that runs: what its messages are read with, and its stream. */
export interface RunningSource {
  readonly source: Source;
  readonly resolve: Resolver | undefined;
  readonly profile: SourceProfile;
  readonly context: (nowMs: number) => VerifyingContext;
  readonly client: TransmitterClient | undefined;
  readonly stream: ManagedStream | undefined;
  readonly endRefreshTokens: ReturnType<typeof createEndRefreshTokens> | undefined;
}

interface Ports {
  readonly keysOf: (source: Source) => SignalKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: ReceiverMetrics;
  readonly signal: AbortSignal;
}

/** Starts what a source needs besides its route. @throws ConfigurationError */
export function runSource(source: Source, ports: Ports): RunningSource {
  const { clock, metrics } = ports;
  const { name } = source;
  const keys = ports.keysOf(source);
  const isClient = source.kind === 'ssf' && (source.manage || source.delivery === 'poll');
  const client = isClient
    ? createTransmitterClient(source, {
        send: sendRequest,
        clock,
        signal: ports.signal,
        counted: (isOk) =>
          metrics.counter('stream_requests_total').inc({ source: name, result: isOk ? 'ok' : 'failed' }),
      })
    : undefined;
  const stream = source.kind === 'ssf' && source.manage && client ? manage(source, client, ports) : undefined;
  const resolve = source.subjects && createResolver(source.subjects, { clock, post: postJson });
  return {
    source,
    resolve,
    client,
    stream,
    // The audience of a stream is known once it is set up.
    get profile() {
      return profileOf(source, stream?.configuration()?.audience);
    },
    context(nowMs) {
      return { source: this.profile, keys, nowMs };
    },
    endRefreshTokens:
      source.kind === 'global-token-revocation'
        ? createEndRefreshTokens(source.endRefreshTokens, { clock, post: postJson })
        : undefined,
  };
}

function manage(source: SourceOf<'ssf'>, client: TransmitterClient, ports: Ports): ManagedStream {
  const { authorizationFile, name } = source;
  const token =
    authorizationFile === undefined
      ? undefined
      : readOptionFile(authorizationFile, `sources.${name}.authorizationFile`).trim().split('\n')[0]?.trim();
  return manageStream(source, {
    ...ports,
    client,
    onFailure: logFailureOnce(ports.log.child({ source: name }), 'the stream cannot be managed, trying again'),
    onState: (state) => setState(ports.metrics, name, state),
    onMetadata({ defaultSubjects, verificationEndpoint }) {
      ports.metrics.gauge('stream_needs_subjects').set({ source: name }, defaultSubjects === 'NONE' ? 1 : 0);
      // Nothing can be requested, so that the absence of verification events means nothing.
      if (verificationEndpoint === undefined)
        ports.metrics.gauge('stream_verified_timestamp_seconds').remove({ source: name });
    },
    authorization: token === undefined ? undefined : `Bearer ${token}`,
  });
}
