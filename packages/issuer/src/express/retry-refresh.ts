import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError } from '@revocast/denylist';
import { checkWholeNumber, systemClock, withTimeout } from '@revocast/denylist/replica';
import type { Handler } from './handler.ts';
import { type HeldAnswer, holdAnswer } from './hold-answer.ts';
import { keptHeaders, seal, sendAnswer, unseal } from './retry-refresh-answer.ts';
import { type RetriableRequest, readRetriable } from './retry-refresh-request.ts';
import type { RetryClaim, RetryStore } from './retry-refresh-store.ts';
import { SharedClaims } from './shared-claims.ts';

export interface RetryRefreshOptions {
  /** `redisRetryStore(redis)`, or `memoryRetryStore()` for a server of one process. */
  readonly store: RetryStore;
  /** For so long a refresh can be repeated: 1–60 s, default 10. */
  readonly graceSeconds?: number | undefined;
  /**
   * How long a request waits for an equal one at the server: 0–60,000 ms, default 5000; then it is answered with 503. At most 20
   * wait in one process; more are answered with 503 at once. The store has as long for each answer, and at least 1000 ms.
   */
  readonly waitMs?: number | undefined;
  /**
   * While the store fails: `refuse` (default) answers 503, so that no client spends its token twice; `pass` lets the server
   * answer as without this handler.
   */
  readonly whenStoreFails?: 'refuse' | 'pass' | undefined;
  /** For your own counters. */
  readonly onResult?: ((result: RetryResult) => void) | undefined;
}

/** `first`: went to the server · `repeated`: got a kept answer · answered with 503: the others */
export type RetryResult = 'first' | 'repeated' | 'waited_too_long' | 'too_many_waiting' | 'store_failed';

/** A client of Redis without a limit queues its commands while Redis is down. */
const leastStoreMs = 1000;
/** A claim outlives the slowest token endpoint, and not for long a process that was killed. */
const claimMs = 15_000;
const longestAnswer = 65_536;

/**
 * A handler in front of any token endpoint that rotates refresh tokens: two equal refreshes, at once or within the grace, get
 * the same answer, and the server sees one. Without it, the second one of two tabs, or the retry after a lost answer, looks
 * like theft to the server. The body of the request is left unread for the server.
 *
 * Clients that authenticate by a certificate, an attestation or an assertion pass through.
 *
 * @throws ConfigurationError
 */
export function retryRefresh(options: RetryRefreshOptions): Handler {
  const { store, graceSeconds = 10, waitMs = 5000, whenStoreFails = 'refuse', onResult = () => {} } = options;
  if (typeof store?.claim !== 'function') {
    throw new ConfigurationError('store', 'expected redisRetryStore(redis) or memoryRetryStore(), found another value');
  }
  checkWholeNumber('graceSeconds', graceSeconds, { least: 1, most: 60, unit: 's' });
  checkWholeNumber('waitMs', waitMs, { least: 0, most: 60_000, unit: 'ms' });
  if (whenStoreFails !== 'refuse' && whenStoreFails !== 'pass') {
    throw new ConfigurationError('whenStoreFails', "expected 'refuse' or 'pass'");
  }

  const storeMs = Math.max(waitMs, leastStoreMs);

  /** @throws when the store does not answer in time. */
  const inTime = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
    const answered = asked.then((answer) => ({ answer }));
    const limit = { clock: systemClock, timeoutMs: storeMs, late: undefined, keepAlive: true };
    const found = await withTimeout(answered, limit);
    if (found === undefined) throw new Error(`expected the store to answer within ${storeMs} ms, found no answer`);
    return found.answer;
  };

  const claims = new SharedClaims({ claim: claimInTime, waitMs });

  return (request, response, next) => {
    enter(request, response, next).catch(next);
  };

  async function enter(request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
    const retriable = await readRetriable(request);
    if (retriable === undefined) {
      next();
      return;
    }
    const claim = await claims.take(retriable.id).catch(() => undefined);
    if (claim?.state === 'answered') {
      onResult('repeated');
      sendAnswer(response, unseal(claim.sealed, retriable.key));
    } else if (claim?.state === 'first') {
      const { owner } = claim;
      onResult('first');
      holdAnswer(response, { longest: longestAnswer, keep: (answer) => keep(answer, retriable, owner) });
      next();
    } else if (claim !== undefined) {
      onResult(claim.state);
      refuse(response);
    } else {
      onResult('store_failed');
      if (whenStoreFails === 'pass') next();
      else refuse(response);
    }
  }

  /** A claim that comes too late is given up: no request has it. */
  async function claimInTime(id: string, owner: string): Promise<RetryClaim> {
    const claiming = store.claim(id, owner, claimMs);
    try {
      return await inTime(claiming);
    } catch (error) {
      claiming.then(({ state }) => (state === 'first' ? store.release(id, owner) : undefined)).catch(() => {});
      throw error;
    }
  }

  /** Only a success is kept: after another answer the token is not spent, and the next request goes to the server. */
  async function keep(answer: HeldAnswer, { id, key }: RetriableRequest, owner: string): Promise<void> {
    const { status, headers, body } = answer;
    try {
      if (status !== 200 || body === undefined) {
        await inTime(store.release(id, owner));
        return;
      }
      const sealed = seal({ headers: keptHeaders(headers), body }, key);
      await inTime(store.answer(id, owner, { sealed, forMs: graceSeconds * 1000 }));
    } catch {
      // The client gets its answer, but cannot repeat the request.
      onResult('store_failed');
    } finally {
      claims.ended(id);
    }
  }
}

function refuse(response: ServerResponse): void {
  response.statusCode = 503;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Retry-After', '1');
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ error: 'temporarily_unavailable' }));
}
