import type { VerificationKey } from '../jwks/verification-key.ts';
import { quickSchemes, type SignatureScheme, type Signed, verifySignature } from '../token/signature.ts';
import type { BatchAnswer, CheckBatch } from './serve-checks.ts';

/** Checks handed over in one message: enough to share its price, and few enough for the two threads to overlap. */
export const maxBatch = 8;
/** Checks that may wait for the thread. With more, both threads have enough to do, and the next is made on the spot. */
export const maxWaiting = 64;

/** The thread, as seen by who asks. */
export interface SignatureThreadPort {
  send(batch: CheckBatch): void;
  close(): void;
}

/** What the thread says. `ended` comes at most once, and nothing after it. */
export interface SignatureThreadListener {
  ready(): void;
  answered(answer: BatchAnswer): void;
  ended(): void;
}

/** Undefined where there can be no thread. */
export type StartSignatureThread = (told: SignatureThreadListener) => SignatureThreadPort | undefined;

export interface SignatureThreadParts {
  readonly start: StartSignatureThread;
  /** Calls back once the events that are due have been handled: `setImmediate`. */
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
 * Checks signatures on a second thread while several requests come at once, and on the spot otherwise: a check alone is
 * made sooner than it is handed over, but eight handed over together cost the request thread a tenth of making them.
 *
 * none ──two checks in one turn──▶ starting ──ready──▶ ready; the end of the thread leads to `none` for good. A thread
 * that is not there, or ends, costs nobody an answer: what it owes is checked on the spot.
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
  /** Several checks came in the last turn that had any. */
  #isCrowded = false;

  constructor(parts: SignatureThreadParts) {
    this.#parts = parts;
  }

  /** As {@link verifySignature}. */
  verify(signed: Signed, alg: string, key: VerificationKey): boolean | Promise<boolean> {
    this.#countCheck();
    const scheme = quickSchemes.get(alg);
    const isHandedOver = scheme !== undefined && this.#isReady && this.#isCrowded && this.#waitingChecks < maxWaiting;
    if (!isHandedOver) return verifySignature(signed, alg, key);
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
    this.#flush();
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
      else checkOnTheSpot(check);
    }
  }

  #end(): void {
    this.#isReady = false;
    this.#port = undefined;
    const owed = [...this.#waiting.values()].flat().concat(this.#open?.checks ?? []);
    this.#waiting.clear();
    this.#open = undefined;
    this.#waitingChecks = 0;
    for (const check of owed) checkOnTheSpot(check);
  }
}

function checkOnTheSpot({ signed, alg, key, resolve, reject }: Check): void {
  try {
    resolve(verifySignature(signed, alg, key));
  } catch (error) {
    reject(error);
  }
}
