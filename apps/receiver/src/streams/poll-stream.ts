import { Backoff, type Clock, type Random } from '@revocast/denylist/replica';
import { codeOf, type logFailureOnce } from '@revocast/sidecar/service';
import type { Answer } from '../listeners/answers.ts';
import { type Refusal, refusals } from '../signals/refusal.ts';
import { mostSets, readPolled } from './poll.ts';
import { StreamError } from './stream-error.ts';
import type { TransmitterClient } from './transmitter-client.ts';
import { WaitingSets } from './waiting-sets.ts';

interface PollPorts {
  readonly client: TransmitterClient;
  /** Undefined while the stream is not set up: nothing is fetched. */
  readonly pollUrl: () => string | undefined;
  /** Verifies one SET. The returned function delivers it: what it starts, it starts at once. */
  readonly read: (token: string) => Promise<() => Promise<Answer>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onFailure: ReturnType<typeof logFailureOnce>;
  readonly onBacklog: (isMore: boolean) => void;
  /** A SET was given up, because its key does not come back. */
  readonly onKeyGone: () => void;
}

/** SETs that one answer may have beside those that wait. */
const batch = 100;
/** Milliseconds: a transmitter may hold a request open until there is an event (RFC 8936 §2.2). */
const longPollMs = 90_000;
/** An answer without events that came sooner was not held open. */
const heldMs = 500;
const pauseMs = 1000;
const mostBytes = 16_777_216;

/** Which SETs the next request acknowledges (RFC 8936 §2.4). */
interface Settled {
  readonly ack: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, Refusal>;
  /** SETs of the answer that are tried again later. */
  readonly waiting: number;
}

/**
 * Fetches SETs (RFC 8936) until the signal. A SET is acknowledged with the request after it is in the log; one that is not comes
 * again. There is no pause while each answer brings something new.
 */
export async function pollStream(ports: PollPorts): Promise<void> {
  const { client, pollUrl, clock, random, signal, onFailure, onBacklog } = ports;
  const backoff = new Backoff({ firstMs: 1000, maxMs: 30_000, random });
  const waiting = new WaitingSets();
  let settled: Settled = { ack: new Set(), refused: new Map(), waiting: 0 };
  while (!signal.aborted) {
    const url = pollUrl();
    if (url === undefined) {
      await clock.sleep(pauseMs, signal);
      continue;
    }
    const startedAtMs = clock.monotonicMs();
    try {
      const json = requestOf(settled);
      const answer = await client.request({ url, method: 'POST', json, timeoutMs: longPollMs, maxBytes: mostBytes });
      const polled = readPolled(answer);
      if (polled === undefined) throw new StreamError('bad_status', { status: answer.status });
      onFailure.forget();
      backoff.succeeded();
      onBacklog(polled.moreAvailable);
      const before = settled;
      settled = await settle(polled.sets, waiting, ports);
      const isNew = [...settled.ack, ...settled.refused.keys()].some((key) => !isSettled(key, before));
      const wasHeld = polled.sets.length === 0 && clock.monotonicMs() - startedAtMs >= heldMs;
      // Without it, a transmitter that repeats its answer is asked hundreds of times a second.
      if (!isNew && !wasHeld) await clock.sleep(pauseMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error instanceof StreamError ? error : new StreamError('no_answer', { cause: codeOf(error) }));
      // A longer answer may have been too long.
      settled = { ...settled, waiting: 0 };
      await clock.sleep(backoff.nextMs(), signal);
    }
  }
}

/** SETs that wait are in each answer, and must leave room for others. */
function requestOf({ ack, refused, waiting }: Settled): object {
  const setErrs = [...refused].map(([key, reason]) => {
    const { err, description } = refusals[reason];
    return [key, { err, description }] as const;
  });
  return {
    maxEvents: Math.min(mostSets, batch + waiting),
    returnImmediately: false,
    ack: [...ack],
    setErrs: Object.fromEntries(setErrs),
  };
}

function isSettled(key: string, { ack, refused }: Settled): boolean {
  return ack.has(key) || refused.has(key);
}

async function settle(
  sets: readonly (readonly [key: string, token: string])[],
  waits: WaitingSets,
  { read, clock, onKeyGone }: PollPorts,
): Promise<Settled> {
  const ack = new Set<string>();
  const refused = new Map<string, Refusal>();
  let waiting = 0;
  const take = async (key: string, deliver: () => Promise<Answer>) => {
    const answer = await deliver();
    if (answer.outcome === 'done') ack.add(key);
    else if (answer.outcome === 'refused') refused.set(key, answer.reason);
    else if (answer.outcome === 'unavailable') {
      const { retryAfterMs, status } = answer;
      // An outage of the log concerns every SET: the pause after an answer without progress is enough.
      const waitMs = retryAfterMs > pauseMs ? retryAfterMs : 0;
      if (waits.add(key, { nowMs: clock.monotonicMs(), waitMs, isKeyUnknown: status === 429 })) {
        if (waitMs > 0) waiting += 1;
        return;
      }
      onKeyGone();
      refused.set(key, 'unusable_key');
    }
    waits.delete(key);
  };
  const deliveries: Promise<void>[] = [];
  for (const [key, token] of sets) {
    if (waits.isWaiting(key, clock.monotonicMs())) waiting += 1;
    // One after another, so that deliveries start in the order of the answer.
    else deliveries.push(take(key, await read(token)));
  }
  await Promise.all(deliveries);
  return { ack, refused, waiting };
}
