import type { VerificationKey } from '../jwks/verification-key.ts';
import { hasItsLength, quickSchemes, type SignatureScheme, type Signed, verifySignature } from '../token/signature.ts';
import type { BatchAnswer, CheckBatch } from './serve-checks.ts';

/** Checks per message: enough to share its cost, and few enough for both threads to work at the same time. */
export const maxBatch = 8;
/** Checks that may wait for the thread. With more, both threads are busy, and the next check runs on the request thread. */
export const maxWaiting = 64;

/** Batches that the thread has before it is sent one that is not full: one in work, and one so that it need not wait. */
const batchesAhead = 2;

/** The thread, as the request thread uses it. */
export interface SignatureThreadPort {
  send(batch: CheckBatch): void;
  close(): void;
}

/** The events of the thread. `ended` comes at most once, and nothing follows it. */
export interface SignatureThreadListener {
  ready(): void;
  answered(answer: BatchAnswer): void;
  ended(): void;
}

/** Returns undefined where no thread can be started. */
export type StartSignatureThread = (listener: SignatureThreadListener) => SignatureThreadPort | undefined;

export interface SignatureThreadParts {
  readonly start: StartSignatureThread;
  /** Calls back after the pending events: `setImmediate`. */
  readonly afterTurn: (callback: () => void) => void;
}

interface Check {
  readonly signed: Signed;
  readonly alg: string;
  readonly key: VerificationKey;
  readonly resolve: (isGenuine: boolean | Promise<boolean>) => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  readonly scheme: SignatureScheme;
  readonly alg: string;
  readonly key: VerificationKey;
  readonly checks: Check[];
}

/**
 * Checks signatures on a second thread while several requests arrive at once, and on the request thread otherwise: to pass a
 * single check takes longer than to run it, but to pass eight together costs a tenth of running them.
 *
 * none ──two checks in one turn──▶ starting ──ready──▶ ready; when the thread ends, the state is `none` for good. Every
 * check is answered without a thread too: those that an ended thread has not answered run on the request thread.
 */
export class SignatureThread {
  readonly #parts: SignatureThreadParts;
  readonly #waiting = new Map<number, readonly Check[]>();
  #port: SignatureThreadPort | undefined;
  #wasStarted = false;
  #isReady = false;
  #open: Batch | undefined;
  #waitingChecks = 0;
  #lastId = 0;
  #checksThisTurn = 0;
  /** The last turn with a check had several. */
  #isCrowded = false;

  constructor(parts: SignatureThreadParts) {
    this.#parts = parts;
  }

  /** As {@link verifySignature}. */
  verify(signed: Signed, alg: string, key: VerificationKey): boolean | Promise<boolean> {
    this.#countCheck();
    const scheme = quickSchemes.get(alg);
    // A thread that is awake takes another check for less than a check here costs.
    const isWorth = this.#isCrowded || this.#waitingChecks > 0;
    const isFree = this.#isReady && isWorth && this.#waitingChecks < maxWaiting;
    if (!isFree || scheme === undefined || !hasItsLength(signed, key)) return verifySignature(signed, alg, key);
    return new Promise((resolve, reject) => {
      this.#add({ signed, alg, key, resolve, reject }, scheme);
    });
  }

  close(): void {
    this.#wasStarted = true;
    this.#port?.close();
    this.#end();
  }

  #countCheck(): void {
    this.#checksThisTurn += 1;
    if (this.#checksThisTurn === 1) this.#parts.afterTurn(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#isCrowded = this.#checksThisTurn > 1;
    this.#checksThisTurn = 0;
    this.#flushUnlessBusy();
    if (!this.#isCrowded || this.#wasStarted) return;
    this.#wasStarted = true;
    this.#port = this.#parts.start({
      ready: () => {
        this.#isReady = this.#port !== undefined;
      },
      answered: (answer) => this.#settle(answer),
      ended: () => this.#end(),
    });
  }

  #add(check: Check, scheme: SignatureScheme): void {
    const { alg, key } = check;
    if (this.#open !== undefined && (this.#open.key !== key || this.#open.alg !== alg)) this.#flush();
    this.#open ??= { scheme, alg, key, checks: [] };
    this.#open.checks.push(check);
    this.#waitingChecks += 1;
    if (this.#open.checks.length === maxBatch) this.#flush();
  }

  /** While the thread has a batch before it and one in work, a batch that is not full waits for more checks, or for an answer. */
  #flushUnlessBusy(): void {
    if (this.#waiting.size < batchesAhead) this.#flush();
  }

  #flush(): void {
    const batch = this.#open;
    if (batch === undefined) return;
    this.#open = undefined;
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting.set(id, batch.checks);
    const tokens = batch.checks.map(({ signed }) => signed.text).join(' ');
    this.#port?.send({ id, scheme: batch.scheme, key: batch.key.key, tokens });
  }

  #settle({ id, letters }: BatchAnswer): void {
    const checks = this.#waiting.get(id);
    if (checks === undefined) return;
    this.#waiting.delete(id);
    this.#waitingChecks -= checks.length;
    for (const [index, check] of checks.entries()) {
      const letter = letters[index];
      if (letter === 'y' || letter === 'n') check.resolve(letter === 'y');
      else checkHere(check);
    }
    this.#flushUnlessBusy();
  }

  #end(): void {
    this.#isReady = false;
    this.#port = undefined;
    const unanswered = [...this.#waiting.values()].flat().concat(this.#open?.checks ?? []);
    this.#waiting.clear();
    this.#open = undefined;
    this.#waitingChecks = 0;
    for (const check of unanswered) checkHere(check);
  }
}

function checkHere({ signed, alg, key, resolve, reject }: Check): void {
  try {
    resolve(verifySignature(signed, alg, key));
  } catch (error) {
    reject(error);
  }
}
