import {
  type CreatePublisherOptions,
  createPublisher,
  type LiftTarget,
  LogError,
  type LogErrorCode,
  type Publisher,
  type Revocation,
} from '@revocast/denylist';

/** A log in memory that records what it takes, and can be down. */
export interface RecordedLog extends Publisher {
  /** What was written, in order: `revoke` with the revocation, or `lift` with its target, and the id. */
  readonly written: readonly Written[];
  /** Calls so far, with those that wait or failed. */
  calls(): number;
  /** Every further call fails with this code. Undefined: no further one. */
  failWith(code: LogErrorCode | undefined): void;
  /** Waits for `gate` in every further call. */
  holdUntil(gate: Promise<unknown>): void;
}

export interface Written {
  readonly kind: 'revoke' | 'lift';
  readonly id: string | undefined;
  readonly about: Revocation | LiftTarget;
}

export async function recordedLog(url = 'memory:', options: CreatePublisherOptions = {}): Promise<RecordedLog> {
  const publisher = await createPublisher(url, options);
  const written: Written[] = [];
  let calls = 0;
  let failure: LogErrorCode | undefined;
  let held: Promise<unknown> = Promise.resolve();
  const pass = async () => {
    calls += 1;
    await held;
    if (failure !== undefined) throw new LogError(failure, 'as the test wants');
  };
  return {
    ...publisher,
    written,
    calls: () => calls,
    failWith(code) {
      failure = code;
    },
    holdUntil(gate) {
      held = gate;
    },
    async revoke(revocation, options) {
      await pass();
      const published = await publisher.revoke(revocation, options);
      written.push({ kind: 'revoke', id: options?.id, about: revocation });
      return published;
    },
    async lift(target, options) {
      await pass();
      const published = await publisher.lift(target, options);
      written.push({ kind: 'lift', id: options?.id, about: target });
      return published;
    },
  };
}
