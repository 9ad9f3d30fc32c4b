import type { Clock } from '@revocast/denylist/replica';
import { type ClientClasses, classNamesOf, classOf } from '../lifecycle/client-classes.ts';

/** By which the number of living tokens is known. The list is closed, because it is a label. */
export type ActiveSource = 'families' | 'client_credentials';

/** A point of the gauge `oauth2.token.active`. */
export interface ActiveCount {
  readonly clientClass: string;
  readonly source: ActiveSource;
  readonly tokens: number;
}

/** Clients, each with its number of living access tokens. */
export type CountByClient = () => Promise<ReadonlyMap<string, number>>;

/** Tokens that expire within the same 15 s are one number. */
const bucketSeconds = 15;
/** A token that lives longer than a day is counted for a day, so that the buckets are few. */
const longestSeconds = 86_400;

interface ActiveTokensOptions {
  readonly clientClasses: ClientClasses;
  readonly clock: Pick<Clock, 'wallMs'>;
}

/**
 * Counts living access tokens: those of refresh families by their rows, and those of client credentials, which no store has, by
 * their time of expiry. Nothing is counted up and down, which would be wrong after the first crash.
 */
export class ActiveTokens {
  readonly #classes: readonly string[];
  readonly #classify: (client: string | undefined) => string;
  readonly #clock: Pick<Clock, 'wallMs'>;
  /** Class → number of the bucket of 15 s → tokens that this process has issued. */
  readonly #issued: ReadonlyMap<string, Map<number, number>>;
  #families: CountByClient | undefined;

  constructor({ clientClasses, clock }: ActiveTokensOptions) {
    this.#classes = classNamesOf(clientClasses);
    this.#classify = classOf(clientClasses);
    this.#clock = clock;
    this.#issued = new Map(this.#classes.map((name) => [name, new Map()]));
  }

  /** @param expiresAt claim seconds. A token that has expired is not counted. */
  issued(client: string | undefined, expiresAt: number): void {
    const nowSeconds = this.#clock.wallMs() / 1000;
    const untilSeconds = Math.min(expiresAt, nowSeconds + longestSeconds);
    const buckets = this.#issued.get(this.#classify(client));
    if (buckets === undefined || !(untilSeconds > nowSeconds)) return;
    const bucket = Math.ceil(untilSeconds / bucketSeconds);
    if (!buckets.has(bucket)) forgetExpired(buckets, nowSeconds);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }

  /** Families whose store is asked from now on. Several `families()` of one lifecycle have one store. */
  watchFamilies(count: CountByClient): void {
    this.#families = count;
  }

  /** Every class, also those with 0. Without the families while their store does not answer. */
  async read(): Promise<readonly ActiveCount[]> {
    const nowSeconds = this.#clock.wallMs() / 1000;
    const issued = this.#classes.map((clientClass) => ({
      clientClass,
      source: 'client_credentials' as const,
      tokens: livingIn(this.#issued.get(clientClass), nowSeconds),
    }));
    return [...(await this.#ofFamilies()), ...issued];
  }

  async #ofFamilies(): Promise<readonly ActiveCount[]> {
    if (this.#families === undefined) return [];
    let clients: ReadonlyMap<string, number>;
    try {
      clients = await this.#families();
    } catch {
      // An outage must not look like a sign-out of everyone. The failure is counted where the store is used.
      return [];
    }
    const counts = new Map(this.#classes.map((name) => [name, 0]));
    for (const [client, tokens] of clients) {
      const name = this.#classify(client);
      counts.set(name, (counts.get(name) ?? 0) + tokens);
    }
    return [...counts].map(([clientClass, tokens]) => ({ clientClass, source: 'families', tokens }));
  }
}

function livingIn(buckets: ReadonlyMap<number, number> | undefined, nowSeconds: number): number {
  let living = 0;
  for (const [bucket, tokens] of buckets ?? []) if (bucket * bucketSeconds > nowSeconds) living += tokens;
  return living;
}

function forgetExpired(buckets: Map<number, number>, nowSeconds: number): void {
  for (const bucket of buckets.keys()) if (bucket * bucketSeconds <= nowSeconds) buckets.delete(bucket);
}
