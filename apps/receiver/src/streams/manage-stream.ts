import { Backoff, type Clock, isJsonObject, type Random, randomHex } from '@revocast/denylist/replica';
import type { logFailureOnce } from '@revocast/sidecar/service';
import type { Logger } from 'pino';
import type { SourceOf } from '../config/source-list.ts';
import { type StreamStatus, streamStatuses } from '../signals/signal.ts';
import {
  adoptStream,
  readMetadata,
  type StreamConfiguration,
  type TransmitterMetadata,
} from './stream-configuration.ts';
import { StreamError } from './stream-error.ts';
import type { TransmitterClient } from './transmitter-client.ts';

interface ManagePorts {
  readonly client: TransmitterClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly onFailure: ReturnType<typeof logFailureOnce>;
  readonly onState: (state: StreamStatus | 'unknown') => void;
  readonly onMetadata: (metadata: TransmitterMetadata) => void;
  /** The `Authorization` header that a pushing transmitter must send. */
  readonly authorization?: string | undefined;
}

/** A stream that this receiver keeps at its transmitter. */
export interface ManagedStream {
  /** Undefined until it is set up. */
  configuration(): StreamConfiguration | undefined;
  /** A verification event arrived. */
  verified(state: string | undefined): void;
}

/** Sets a stream up, asks for verification events, and reads its status, until the signal. */
export function manageStream(source: SourceOf<'ssf'>, ports: ManagePorts): ManagedStream {
  const { clock, random, signal, log, onFailure } = ports;
  const backoff = new Backoff({ firstMs: 1000, maxMs: 60_000, random });
  let metadata: TransmitterMetadata | undefined;
  let stream: StreamConfiguration | undefined;
  let expected: string | undefined;
  let hasFailed = true;

  const setUp = async () => {
    if (metadata === undefined) {
      metadata = await readMetadata(source.transmitter ?? source.issuer, ports.client);
      ports.onMetadata(metadata);
    }
    if (stream !== undefined) return;
    stream = await adoptStream(source, metadata, ports);
    log.info({ source: source.name }, 'the stream is set up');
    if (metadata.defaultSubjects === 'NONE') {
      const remedy = 'add the subjects at the transmitter, or set its default to all';
      log.warn({ source: source.name, remedy }, 'the transmitter sends events only about subjects that were added');
    }
  };
  const verify = async () => {
    const url = metadata?.verificationEndpoint;
    if (url === undefined || stream === undefined) return;
    expected = randomHex(16);
    await ports.client.request({ url, method: 'POST', json: { stream_id: stream.id, state: expected } });
  };
  const run = async () => {
    while (!signal.aborted) {
      try {
        await setUp();
        const status = await readStatus(metadata, stream, ports.client);
        await verify();
        // SSF 1.0 §7.1: both endpoints are optional. Without the first, the stream is enabled until an event says otherwise.
        if (status !== undefined || hasFailed) ports.onState(status ?? 'enabled');
        hasFailed = false;
        onFailure.forget();
        backoff.succeeded();
        await clock.sleep(Math.max(source.verifyEveryMs, stream?.minVerificationMs ?? 0), signal);
      } catch (error) {
        if (signal.aborted) return;
        onFailure(error);
        hasFailed = true;
        ports.onState('unknown');
        // A stream that was deleted at the transmitter is created again.
        if (error instanceof StreamError && error.status === 404) stream = undefined;
        await clock.sleep(backoff.nextMs(), signal);
      }
    }
  };
  void run();

  return {
    configuration: () => stream,
    verified(state) {
      // SSF 1.0 §8.1.4.2: another state answers a request that this process did not make, such as that of another receiver.
      if (state !== undefined && state !== expected)
        log.info({ source: source.name }, 'a verification of another request');
    },
  };
}

/** @returns undefined for a transmitter that does not say it. */
async function readStatus(
  metadata: TransmitterMetadata | undefined,
  stream: StreamConfiguration | undefined,
  client: TransmitterClient,
): Promise<StreamStatus | undefined> {
  if (metadata?.statusEndpoint === undefined || stream === undefined) return undefined;
  const url = new URL(metadata.statusEndpoint);
  url.searchParams.set('stream_id', stream.id);
  const { json } = await client.request({ url: url.href, method: 'GET' });
  const status = isJsonObject(json) ? json['status'] : undefined;
  return streamStatuses.find((known) => known === status) ?? 'other';
}
