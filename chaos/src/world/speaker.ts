import {
  ConfigurationError,
  createPublisher,
  LogError,
  type Publisher,
  type PublishOptions,
  type Revocation,
  type RevocationTarget,
} from '@revocast/denylist';
import type { StatementOutcome, StatementRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import { carriedBy, issuer, type OwnDimension } from '../tokens.ts';
import type { Recorder } from './recorder.ts';

export interface SayOptions extends PublishOptions {
  /** Default `session`. */
  readonly dimension?: OwnDimension;
  readonly block?: boolean;
  /** The denial expires after this time. */
  readonly endsInMs?: number;
  /** Overrides members of the revocation, for statements that must be rejected. */
  readonly raw?: Partial<Revocation>;
}

/** Revokes and lifts through a publisher, and records each statement and its outcome. A failure is an outcome, not an error. */
export class Speaker {
  readonly #recorder: Recorder;
  readonly #publisher: Publisher;

  private constructor(publisher: Publisher, recorder: Recorder) {
    this.#publisher = publisher;
    this.#recorder = recorder;
  }

  static async open(url: string, recorder: Recorder, tokenFile?: string): Promise<Speaker> {
    return new Speaker(await createPublisher(url, { tokenFile }), recorder);
  }

  async revoke(token: number, options: SayOptions = {}): Promise<StatementRecord> {
    const { dimension = 'session', block, endsInMs, raw, ...publish } = options;
    const byCutoff = (dimension === 'subject' || dimension === 'client') && block !== true && endsInMs === undefined;
    const endsAt = endsInMs === undefined ? {} : { expiresAt: Math.ceil((Date.now() + endsInMs) / 1000) };
    const revocation = {
      ...targetOf(token, dimension),
      reason: 'other',
      ...(block ? { block } : {}),
      ...endsAt,
      ...raw,
    };
    const untilMs = endsInMs === undefined ? undefined : monotonicMs() + endsInMs;
    return await this.#say(
      { what: 'revoke', effect: byCutoff ? 'cutoff' : 'denial', dimension, token, untilMs },
      // `raw` may hold values that the type excludes, to test that the publisher rejects them.
      () => this.#publisher.revoke(revocation as Revocation, publish),
    );
  }

  async lift(
    token: number,
    { dimension = 'session', ...publish }: Pick<SayOptions, 'dimension' | 'redisReplicas'> = {},
  ): Promise<StatementRecord> {
    return await this.#say({ what: 'lift', effect: 'denial', dimension, token }, () =>
      this.#publisher.lift(targetOf(token, dimension), publish),
    );
  }

  close(): Promise<void> {
    return this.#publisher.close();
  }

  async #say(
    about: Pick<StatementRecord, 'what' | 'effect' | 'dimension' | 'token' | 'untilMs'>,
    publish: () => Promise<{ readonly redisReplicas: number | null }>,
  ): Promise<StatementRecord> {
    const startedMs = monotonicMs();
    let outcome: StatementOutcome = 'acknowledged';
    let redisReplicas = 0;
    let failure: string | undefined;
    try {
      redisReplicas = (await publish()).redisReplicas ?? 0;
    } catch (error) {
      outcome = outcomeOf(error);
      failure = codeOf(error instanceof Error ? error.cause : undefined);
    }
    const record = {
      kind: 'statement',
      ...about,
      startedMs,
      endedMs: monotonicMs(),
      outcome,
      redisReplicas,
      failure,
    } as const;
    this.#recorder.write(record);
    return record;
  }
}

/** The target that names this token by its value of `dimension`. */
export function targetOf(token: number, dimension: OwnDimension): RevocationTarget {
  const value = carriedBy(token, dimension);
  switch (dimension) {
    case 'token':
      return { issuer, token: value };
    case 'session':
      return { issuer, session: value };
    case 'grant':
      return { issuer, grant: value };
    case 'subject':
      return { issuer, subject: value };
    case 'client':
      return { issuer, client: value };
  }
}

function outcomeOf(error: unknown): StatementOutcome {
  if (error instanceof LogError) return error.code;
  if (error instanceof ConfigurationError) return 'invalid';
  throw error;
}

function codeOf(cause: unknown): string | undefined {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : undefined;
}
