import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CompactSign } from 'jose';
import { type VerificationKey, verificationKey } from '../../src/jwks/verification-key.ts';
import type { BatchAnswer, CheckBatch } from '../../src/signature-thread/serve-checks.ts';
import {
  maxBatch,
  maxWaiting,
  SignatureThread,
  type SignatureThreadListener,
} from '../../src/signature-thread/signature-thread.ts';
import { startSignatureThread } from '../../src/signature-thread/start-thread.ts';
import { parseSigned } from '../../src/token/compact.ts';
import { quickSchemes, type Signed } from '../../src/token/signature.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyOf = (key: KeyObject): VerificationKey => verificationKey({ key, thumbprint: 'any', algorithms: [] });
const key = keyOf(pair.publicKey);

async function signed(alg: string, privateKey: KeyObject): Promise<Signed> {
  const text = await new CompactSign(new TextEncoder().encode('{}')).setProtectedHeader({ alg }).sign(privateKey);
  const parsed = parseSigned(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed;
}

/** The same token with another's signature. */
function forged(token: Signed): Signed {
  const signature = Buffer.from(token.signature);
  signature[5]! ^= 1;
  return { ...token, signature, text: `${token.signingInput}.${signature.toString('base64url')}` };
}

const good = await signed('ES256', pair.privateKey);
const bad = forged(good);

/** A thread whose turns, start and answers are the test's. */
class Scene {
  readonly batches: CheckBatch[] = [];
  starts = 0;
  closed = false;
  listener: SignatureThreadListener | undefined;
  #afterTurn: (() => void)[] = [];
  readonly thread: SignatureThread;

  constructor({ canStart = true } = {}) {
    this.thread = new SignatureThread({
      start: (listener) => {
        this.starts += 1;
        this.listener = listener;
        return canStart ? { send: (batch) => this.batches.push(batch), close: () => (this.closed = true) } : undefined;
      },
      afterTurn: (callback) => this.#afterTurn.push(callback),
    });
  }

  check(token: Signed = good): boolean | Promise<boolean> {
    return this.thread.verify(token, 'ES256', key);
  }

  endTurn(): void {
    for (const callback of this.#afterTurn.splice(0)) callback();
  }

  /** Two checks in one turn, and a thread that says it is there. */
  becomeReady(): this {
    void this.check();
    void this.check();
    this.endTurn();
    this.listener?.ready();
    return this;
  }

  answer(batch: CheckBatch, letters: string): void {
    this.listener?.answered({ id: batch.id, letters });
  }
}

describe('a signature thread', () => {
  it('is not started by checks in different turns', () => {
    const scene = new Scene();
    for (const token of [good, bad, good]) {
      expect(scene.check(token)).toBe(token === good);
      scene.endTurn();
    }
    expect(scene.starts).toBe(0);
  });

  it('is started once by two checks in one turn, which do not wait for it', () => {
    const scene = new Scene();
    for (let turn = 0; turn < 3; turn++) {
      expect([scene.check(good), scene.check(bad)]).toEqual([true, false]);
      scene.endTurn();
    }
    expect(scene.starts).toBe(1);
  });

  it('receives the checks of one turn together, and answers each one', async () => {
    const scene = new Scene().becomeReady();
    const checks = [scene.check(good), scene.check(bad), scene.check(good)];
    expect(scene.batches).toEqual([]);
    scene.endTurn();
    expect(scene.batches.map(({ tokens }) => tokens.split(' '))).toEqual([[good.text, bad.text, good.text]]);
    // Not what would be right: what the thread said.
    scene.answer(scene.batches[0]!, 'nyn');
    expect(await Promise.all(checks)).toEqual([false, true, false]);
  });

  it(`receives ${maxBatch} checks before the end of the turn`, () => {
    const scene = new Scene().becomeReady();
    for (let count = 0; count < maxBatch + 1; count++) void scene.check();
    expect(scene.batches.length).toBe(1);
    scene.endTurn();
    expect(scene.batches.map(({ tokens }) => tokens.split(' ').length)).toEqual([maxBatch, 1]);
  });

  it('receives tokens of one key and algorithm at a time', () => {
    const scene = new Scene().becomeReady();
    const other = keyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    for (const each of [key, other, other, key]) void scene.thread.verify(good, 'ES256', each);
    scene.endTurn();
    scene.answer(scene.batches[0]!, 'y');
    expect(scene.batches.map((batch) => batch.key)).toEqual([key.key, other.key, key.key]);
  });

  it(`has at most ${maxWaiting} pending checks: further ones run on the request thread`, () => {
    const scene = new Scene().becomeReady();
    for (let count = 0; count < maxWaiting; count++) expect(scene.check()).toBeInstanceOf(Promise);
    expect(scene.check()).toBe(true);
    scene.answer(scene.batches[0]!, 'y'.repeat(maxBatch));
    expect(scene.check()).toBeInstanceOf(Promise);
  });

  it('is not used when requests arrive one at a time', () => {
    const scene = new Scene().becomeReady();
    expect(scene.check()).toBeInstanceOf(Promise);
    scene.endTurn();
    scene.answer(scene.batches[0]!, 'y');
    expect(scene.check()).toBe(true);
  });

  it('is used also for one request while it works', () => {
    const scene = new Scene().becomeReady();
    expect(scene.check()).toBeInstanceOf(Promise);
    scene.endTurn();
    expect(scene.check()).toBeInstanceOf(Promise);
  });

  it('with a batch in work and one before it receives the next when it is full, or after an answer', async () => {
    const scene = new Scene().becomeReady();
    const checks: unknown[] = [];
    const checkInOneTurn = (count: number) => {
      for (let each = 0; each < count; each++) checks.push(scene.check());
      scene.endTurn();
    };
    for (const count of [1, 1, 2]) checkInOneTurn(count);
    expect(scene.batches.map(({ tokens }) => tokens.split(' ').length)).toEqual([1, 1]);
    checkInOneTurn(maxBatch - 2);
    expect(scene.batches.map(({ tokens }) => tokens.split(' ').length)).toEqual([1, 1, maxBatch]);
    checkInOneTurn(3);
    expect(scene.batches.length).toBe(3);
    for (const [index, batch] of [...scene.batches, undefined].entries()) {
      if (batch !== undefined) scene.answer(batch, 'y'.repeat(batch.tokens.split(' ').length));
      else scene.answer(scene.batches[index]!, 'yyy');
    }
    expect(await Promise.all(checks)).toEqual(checks.map(() => true));
  });

  it('leaves no check unanswered when it ends or is closed', async () => {
    for (const end of [(scene: Scene) => scene.listener?.ended(), (scene: Scene) => scene.thread.close()]) {
      const scene = new Scene().becomeReady();
      const tokens = Array.from({ length: maxBatch + 2 }, (_, index) => (index % 3 === 0 ? bad : good));
      const checks = tokens.map((token) => scene.check(token));
      end(scene);
      expect(await Promise.all(checks)).toEqual(tokens.map((token) => token === good));
      scene.endTurn();
      expect([scene.check(good), scene.check(bad)]).toEqual([true, false]);
      scene.endTurn();
      expect(scene.starts).toBe(1);
    }
  });

  it('is closed with the last verifier', () => {
    const scene = new Scene().becomeReady();
    scene.thread.close();
    expect(scene.closed).toBe(true);
  });

  it('need not be there', () => {
    const scene = new Scene({ canStart: false }).becomeReady();
    expect([scene.check(good), scene.check(bad)]).toEqual([true, false]);
  });

  it('that could not check leaves the check to this one', async () => {
    const scene = new Scene().becomeReady();
    const checks = [scene.check(good), scene.check(bad)];
    scene.endTurn();
    scene.answer(scene.batches[0]!, '?');
    expect(await Promise.all(checks)).toEqual([true, false]);
  });

  it('answers nothing twice, and nothing that it was not asked', async () => {
    const scene = new Scene().becomeReady();
    const check = scene.check(good);
    scene.endTurn();
    scene.answer({ ...scene.batches[0]!, id: 99 }, 'n');
    scene.answer(scene.batches[0]!, 'y');
    scene.answer(scene.batches[0]!, 'n');
    expect(await check).toBe(true);
  });

  it('settles every check with what is true, whenever it answers or ends', async () => {
    const step = fc.constantFrom('good', 'bad', 'turn', 'ready', 'answer', 'ended');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const scene = new Scene();
        const answers: { readonly right: boolean; readonly given: boolean | Promise<boolean> }[] = [];
        let answered = 0;
        const answerNext = () => {
          const batch = scene.batches[answered];
          if (batch === undefined) return;
          answered += 1;
          const letters = batch.tokens.split(' ').map((text) => (text === good.text ? 'y' : 'n'));
          scene.answer(batch, letters.join(''));
        };
        let ended = false;
        for (const each of steps) {
          if (each === 'turn') scene.endTurn();
          else if (each === 'ready' && !ended) scene.listener?.ready();
          else if (each === 'answer' && !ended) answerNext();
          else if (each === 'ended' && scene.listener !== undefined && !ended) {
            ended = true;
            scene.listener.ended();
          } else if (each === 'good' || each === 'bad') {
            answers.push({ right: each === 'good', given: scene.check(each === 'good' ? good : bad) });
          }
        }
        scene.endTurn();
        while (!ended && answered < scene.batches.length) answerNext();
        expect(await Promise.all(answers.map(({ given }) => given))).toEqual(answers.map(({ right }) => right));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the real thread', () => {
  const closing: (() => void)[] = [];
  afterAll(() => {
    for (const close of closing) close();
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed25519 = generateKeyPairSync('ed25519');
  const kinds = [
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, rsa] as const),
    ['ES256', pair],
    ['EdDSA', ed25519],
    ['Ed25519', ed25519],
  ] as const;

  it.each(kinds)('gives the same answers for %s as the request thread', async (alg, { publicKey, privateKey }) => {
    const genuine = await signed(alg, privateKey);
    const answers: BatchAnswer[] = [];
    let ended = false;
    let heard = () => {};
    const next = () => new Promise<void>((resolve) => (heard = resolve));
    const ready = next();
    const port = startSignatureThread({
      ready: () => heard(),
      answered: (answer) => {
        answers.push(answer);
        heard();
      },
      ended: () => (ended = true),
    });
    closing.push(() => port?.close());
    await ready;
    const answered = next();
    const tokens = [genuine, forged(genuine), genuine].map(({ text }) => text).join(' ');
    port?.send({ id: 1, scheme: quickSchemes.get(alg)!, key: publicKey, tokens });
    await answered;
    expect(answers).toEqual([{ id: 1, letters: 'yny' }]);
    expect(ended).toBe(false);
  });
});
