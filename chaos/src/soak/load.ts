import { Agent, request } from 'node:http';
import { createPublisher, type Publisher } from '@revocast/denylist';
import type { Signer } from '@revocast/test-support/signer';
import { monotonicMs } from '../monotonic.ts';
import { carriedBy, issuer, ownDimensions } from '../tokens.ts';
import { pause } from '../world/pause.ts';
import { targetOf } from '../world/speaker.ts';
import type { Pace } from './aged-log.ts';
import { type LiveToken, LiveTokens, mustBe, type Period } from './live-tokens.ts';

const mintEveryMs = 50;
const revokeEveryMs = 300;
/** Every fourth revocation is lifted, after this many further such revocations. */
const liftedLater = 3;
const liveTokens = 400;
const clientsPerApi = 4;
const clientPauseMs = 40;
const boundMs = 5000;
const lifetimeSeconds = 300;
/** Tokens that every process verifies, and revocations that are published, before the soak: more than any cache holds. */
const firstTokens = 12_000;
const firstRevocations = 12_000;

/** The rate at which this load writes to the log, with heartbeats. */
export const pace: Pace = {
  rulesPerSecond: 1000 / revokeEveryMs,
  idsPerSecond: (1000 / revokeEveryMs) * 1.25,
  entriesPerSecond: (1000 / revokeEveryMs) * 1.25 + 2,
};

export interface LoadCounts {
  requests: number;
  statements: number;
  /** The time of each answer 503, in milliseconds since the load began. */
  readonly unavailableAtMs: number[];
  /** One sentence each. */
  readonly wrong: string[];
}

/** Clients that send requests with live tokens, and a publisher that revokes and lifts them. */
export class Load {
  readonly counts: LoadCounts = { requests: 0, statements: 0, unavailableAtMs: [], wrong: [] };
  readonly #stop = new AbortController();
  readonly #tokens = new LiveTokens(liveTokens);
  readonly #signer: Signer;
  readonly #publisher: Publisher;
  readonly #agents: Agent[] = [];
  #begunMs = monotonicMs();
  #minted = 0;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(signer: Signer, publisher: Publisher) {
    this.#signer = signer;
    this.#publisher = publisher;
  }

  static async open(redisUrl: string, signer: Signer): Promise<Load> {
    return new Load(signer, await createPublisher(redisUrl));
  }

  /** Revokes more values that no token has than the journal of a sidecar holds, one after another. */
  async fillJournals(): Promise<void> {
    for (let index = 0; index < firstRevocations; index++) {
      await this.#publisher.revoke({ issuer, session: `unused-${index}`, reason: 'other' });
    }
  }

  /** Sends every process more tokens than its caches hold, so that the caches do not grow during the soak. */
  async fillCaches(apis: readonly { readonly who: string; readonly port: number }[]): Promise<void> {
    const agents = apis.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    for (let minted = 0; minted < firstTokens; minted++) {
      const token = await this.#mint();
      await Promise.all(apis.map((api, index) => this.#ask(api, token, agents[index]!)));
    }
    for (const agent of agents) agent.destroy();
  }

  start(apis: readonly { readonly who: string; readonly port: number }[]): void {
    this.#begunMs = monotonicMs();
    const clients = apis.flatMap((api) => Array.from({ length: clientsPerApi }, () => this.#client(api)));
    this.#running = Promise.all([...clients, this.#mintForEver(), this.#publish()]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const agent of this.#agents) agent.destroy();
    await this.#publisher.close();
  }

  async #client(api: { readonly who: string; readonly port: number }): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agents.push(agent);
    while (!this.#stop.signal.aborted) {
      const token = this.#tokens.draw(Math.random());
      if (token !== undefined) await this.#ask(api, token, agent);
      await pause(clientPauseMs * (0.5 + Math.random()));
    }
  }

  async #ask(api: { readonly who: string; readonly port: number }, token: LiveToken, agent: Agent): Promise<void> {
    const startMs = monotonicMs();
    const status = await statusOf(api.port, token.text, agent);
    const endMs = monotonicMs();
    this.counts.requests += 1;
    if (status === 503) this.counts.unavailableAtMs.push(endMs - this.#begunMs);
    const answer = status === 200 ? 'accepted' : status === 401 ? 'denied' : undefined;
    const right = mustBe(token, { startMs, endMs }, boundMs);
    if (answer !== undefined && (right === undefined || right === answer)) return;
    if (status === 503) return;
    const statements = Object.entries({ revoked: token.revoked, lifted: token.lifted }).map(([what, when]) =>
      when === undefined ? `never ${what}` : `${what} ${Math.round(startMs - when.endedMs)} ms before`,
    );
    this.counts.wrong.push(
      `${api.who} answered ${status} for a token that must be ${right ?? 'accepted or denied'}: ${statements.join(', ')}`,
    );
  }

  async #mintForEver(): Promise<void> {
    await this.#every(mintEveryMs, async () => this.#tokens.add(await this.#mint()));
  }

  async #publish(): Promise<void> {
    const waiting: LiveToken[] = [];
    let revoked = 0;
    await this.#every(revokeEveryMs, async () => {
      const token = this.#tokens.draw(Math.random());
      if (token === undefined || token.revoked !== undefined) return;
      const target = targetOf(token.number, token.dimension);
      await this.#state(
        (period) => (token.revoked = period),
        () => this.#publisher.revoke({ ...target, reason: 'other' }),
      );
      revoked += 1;
      if (revoked % 4 === 0 && token.dimension !== 'subject') waiting.push(token);
      if (waiting.length <= liftedLater) return;
      const due = waiting.shift()!;
      const dueTarget = targetOf(due.number, due.dimension);
      await this.#state(
        (period) => (due.lifted = period),
        () => this.#publisher.lift(dueTarget),
      );
    });
  }

  /** The period is noted without an end first: until the acknowledgement arrives, both answers are correct. */
  async #state(note: (period: Period) => void, publish: () => Promise<unknown>): Promise<void> {
    const startedMs = monotonicMs();
    note({ startedMs, endedMs: Number.POSITIVE_INFINITY });
    try {
      await publish();
      note({ startedMs, endedMs: monotonicMs() });
      this.counts.statements += 1;
    } catch (error) {
      this.counts.wrong.push(`a statement failed: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
  }

  /** The times come from the clock, not from a sum of pauses, so that the rate equals {@link pace}. */
  async #every(everyMs: number, act: () => Promise<void>): Promise<void> {
    const begunMs = monotonicMs();
    for (let count = 1; !this.#stop.signal.aborted; count++) {
      await act();
      await pause(Math.max(0, begunMs + count * everyMs - monotonicMs()));
    }
  }

  async #mint(): Promise<LiveToken> {
    const number = this.#minted++;
    const dimension = revocable[number % revocable.length]!;
    const claims = {
      jti: carriedBy(number, 'token'),
      sid: carriedBy(number, 'session'),
      grant_id: carriedBy(number, 'grant'),
      sub: carriedBy(number, 'subject'),
      client_id: carriedBy(number, 'client'),
    };
    return { text: await this.#signer.sign(claims, { expiresInSeconds: lifetimeSeconds }), number, dimension };
  }
}

/** Clients are not revoked: the product limits the number of rules for clients (`too_many_broad_rules`). */
const revocable = ownDimensions.filter((dimension) => dimension !== 'client');

function statusOf(port: number, token: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request({ host: '127.0.0.1', port, agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject).end();
  });
}
