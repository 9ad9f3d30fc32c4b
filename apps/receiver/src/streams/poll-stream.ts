import { Backoff, type Clock, type Random } from '@revocast/denylist/replica';
import { codeOf, type logFailureOnce } from '@revocast/sidecar/service';
import type { Answer } from '../listeners/answers.ts';
import { refusals } from '../signals/refusal.ts';
import { readPolled } from './poll.ts';
import { StreamError } from './stream-error.ts';
import type { TransmitterClient } from './transmitter-client.ts';

interface PollPorts {
  readonly client: TransmitterClient;
  /** Undefined while the stream is not set up. */
  readonly pollUrl: () => string | undefined;
  /** Verifies one SET. The returned function delivers it: what it starts, it starts at once. */
  readonly read: (token: string) => Promise<() => Promise<Answer>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onFailure: ReturnType<typeof logFailureOnce>;
  readonly onBacklog: (isMore: boolean) => void;
}

/** SETs of one answer. */
const maxEvents = 100;
/** Milliseconds: a transmitter may hold a request open until there is an event (RFC 8936 §2.2). */
const longPollMs = 90_000;
/** An answer without events that came sooner was not held open. */
const heldMs = 500;
const pauseMs = 1000;
const mostBytes = 16_777_216;

/** Which SETs the next request acknowledges. */
interface Settled {
  readonly ack: string[];
  readonly setErrs: Record<string, { readonly err: string; readonly description: string }>;
}

/**
 * Fetches SETs (RFC 8936) until the signal. A SET is acknowledged with the request after it is in the log; one that is not comes
 * again. While the transmitter has more, there is no pause.
 */
export async function pollStream(ports: PollPorts): Promise<void> {
  const { client, pollUrl, clock, random, signal, onFailure, onBacklog } = ports;
  const backoff = new Backoff({ firstMs: 1000, maxMs: 30_000, random });
  let settled: Settled = { ack: [], setErrs: {} };
  while (!signal.aborted) {
    const url = pollUrl();
    if (url === undefined) {
      await clock.sleep(pauseMs, signal);
      continue;
    }
    const startedAtMs = clock.monotonicMs();
    try {
      const json = { maxEvents, returnImmediately: false, ...settled };
      const answer = await client.request({ url, method: 'POST', json, timeoutMs: longPollMs, maxBytes: mostBytes });
      const polled = readPolled(answer);
      if (polled === undefined) throw new StreamError('bad_status', { status: answer.status });
      onFailure.forget();
      backoff.succeeded();
      onBacklog(polled.moreAvailable);
      const round = await settle(polled.sets, ports);
      settled = round;
      const wasHeld = clock.monotonicMs() - startedAtMs >= heldMs;
      if (round.waitMs > 0) await clock.sleep(round.waitMs, signal);
      else if (polled.sets.length === 0 && !polled.moreAvailable && !wasHeld) await clock.sleep(pauseMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error instanceof StreamError ? error : new StreamError('no_answer', { cause: codeOf(error) }));
      await clock.sleep(backoff.nextMs(), signal);
    }
  }
}

/** @returns what to acknowledge, and how long to wait before what could not be logged may come again. */
async function settle(sets: readonly (readonly [string, string])[], { read }: PollPorts) {
  const settled: Settled & { waitMs: number } = { ack: [], setErrs: {}, waitMs: 0 };
  const deliveries: Promise<void>[] = [];
  for (const [key, token] of sets) {
    // One after another, so that deliveries start in the order of the answer.
    const deliver = await read(token);
    const take = async () => {
      const answer = await deliver();
      if (answer.outcome === 'done') settled.ack.push(key);
      else if (answer.outcome === 'refused') {
        const { err, description } = refusals[answer.reason];
        settled.setErrs[key] = { err, description };
      } else {
        // It comes again with the next request. A longer pause would delay every other event.
        settled.waitMs = pauseMs;
      }
    };
    deliveries.push(take());
  }
  await Promise.all(deliveries);
  return settled;
}
