import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock, Random } from './clock.ts';

/**
 * The timers and the monotonic clock of the platform, as they were when this module was loaded: fake timers that a test
 * installs later stop neither feeds nor time limits, and cannot leave a wrong time behind.
 */
const { setTimeout: startTimer, clearTimeout: cancelTimer, setImmediate: startImmediate } = globalThis;
const monotonicMs = performance.now.bind(performance);
const hostMonotonicNs = process.hrtime.bigint;

/** Fake timers (sinon, jest, vitest) were installed before this module was loaded: what was taken above may be theirs. */
const isFaked = 'clock' in startTimer || '_isMockFunction' in startTimer;

/**
 * `performance.now()` counts the host's monotonic clock from the start of the process, and costs a tenth of `hrtime`. A
 * sidecar sends proofs to other processes of its host, so both need the host's own count.
 */
let hostOffsetMs: number | undefined;

let bootId: string | undefined;

/**
 * Names this boot of this host, so that its clocks are not mistaken for another's. Empty where there is no such name (other
 * than Linux).
 */
export function readBootId(): string {
  bootId ??= readBootIdFile();
  return bootId;
}

function readBootIdFile(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // not Linux: absence is the answer
  }
}

/**
 * The clock of this machine. Only composition roots use it. In tests with fake timers, only `wallMs` is faked: claims are
 * compared with the time that the test sets, and everything else goes on in real time.
 */
export const systemClock: Clock = {
  get bootId() {
    return readBootId();
  },
  phaseMs: Math.random() * 500,
  monotonicMs() {
    hostOffsetMs ??= measureHostOffset();
    return hostOffsetMs + processMs();
  },
  wallMs: () => Date.now(),
  sleep: (ms, signal, keepAlive = false) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const finish = () => {
        cancel();
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      // Node fires a timer of more than 2^31-1 ms at once.
      const cancel = callAfter(finish, Math.min(ms, 2 ** 31 - 1), keepAlive);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** Calls back once the events that are due have been handled. */
export function afterTurn(callback: () => void): void {
  if (isFaked) callAfter(callback, 0, true);
  else startImmediate(callback);
}

/** Keeps the process alive until the returned function is called. */
export function stayAlive(): () => void {
  return callAfter(() => {}, 2 ** 31 - 1, true);
}

function processMs(): number {
  // No fake timers replace the second.
  return isFaked ? process.uptime() * 1000 : monotonicMs();
}

/** @returns a function that cancels the call. */
function callAfter(callback: () => void, ms: number, keepAlive: boolean): () => void {
  if (isFaked) return callAfterSignal(callback, ms, keepAlive);
  const timer = startTimer(callback, ms);
  if (!keepAlive) timer.unref();
  return () => cancelTimer(timer);
}

/** With a timer that no fake timers replace. It keeps no process alive; an open channel does. */
function callAfterSignal(callback: () => void, ms: number, keepAlive: boolean): () => void {
  const signal = AbortSignal.timeout(Math.ceil(ms));
  const { port1: channel } = new MessageChannel();
  if (keepAlive) channel.on('message', () => {});
  const call = () => {
    channel.close();
    callback();
  };
  signal.addEventListener('abort', call, { once: true });
  return () => {
    channel.close();
    signal.removeEventListener('abort', call);
  };
}

/** The random numbers of this machine, for jitter. */
export const systemRandom: Random = () => Math.random();

/** The least disturbed of a few readings: a first call is slow. */
function measureHostOffset(): number {
  let best = { gapMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let reading = 0; reading < 5; reading++) {
    const beforeMs = processMs();
    const hostMs = Number(hostMonotonicNs()) / 1e6;
    const gapMs = processMs() - beforeMs;
    if (gapMs < best.gapMs) best = { gapMs, offsetMs: hostMs - beforeMs - gapMs / 2 };
  }
  return best.offsetMs;
}

/** Random bytes for {@link randomHex}: a call of the generator costs some 20 us, however few bytes it draws. */
const drawn = Buffer.alloc(512);
let takenBytes = drawn.byteLength;

/**
 * Random bytes as hex digits: a unique name.
 *
 * @param bytes 1–512.
 */
export function randomHex(bytes: number): string {
  if (takenBytes + bytes > drawn.byteLength) {
    randomFillSync(drawn);
    takenBytes = 0;
  }
  takenBytes += bytes;
  return drawn.toString('hex', takenBytes - bytes, takenBytes);
}
