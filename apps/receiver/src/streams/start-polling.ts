import type { Clock, Random } from '@revocast/denylist/replica';
import { logFailureOnce } from '@revocast/sidecar/service';
import type { Logger } from 'pino';
import { type ReceivePorts, receive } from '../delivery/receive.ts';
import type { RunningSource } from '../running-sources.ts';
import { readSet } from '../signals/index.ts';
import type { ReceiverMetrics } from '../telemetry/receiver-metrics.ts';
import { pollStream } from './poll-stream.ts';

interface PollingPorts {
  /** Without a spool: what is not acknowledged comes again. */
  readonly ports: Omit<ReceivePorts, 'spool'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: ReceiverMetrics;
  readonly signal: AbortSignal;
}

/** Fetches the events of a source that does not send them. Resolves when the signal aborts, and at once for other sources. */
export async function startPolling(running: RunningSource, parts: PollingPorts): Promise<void> {
  const { source, client, stream } = running;
  if (source.kind !== 'ssf' || source.delivery !== 'poll' || client === undefined) return;
  const { ports, clock, random, log, metrics, signal } = parts;
  const { name, pollUrl, manage, audience } = source;
  metrics.gauge('stream_backlog').set({ source: name }, 0);
  await pollStream({
    client,
    clock,
    random,
    signal,
    pollUrl() {
      const configuration = stream?.configuration();
      // Its audience is not known yet, and a refusal would be for ever.
      if (manage && audience.length === 0 && configuration === undefined) return undefined;
      return pollUrl ?? configuration?.pollUrl;
    },
    onFailure: logFailureOnce(log.child({ source: name }), 'events cannot be fetched, trying again'),
    onBacklog: (isMore) => metrics.gauge('stream_backlog').set({ source: name }, isMore ? 1 : 0),
    onKeyGone: () => ports.counter.keyGone(name),
    async read(token) {
      const reading = await readSet(Buffer.from(token), running.context(ports.nowMs()));
      return () => receive(source, reading, ports);
    },
  });
}
