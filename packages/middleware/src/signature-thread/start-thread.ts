import { Worker } from 'node:worker_threads';
import { isJsonObject } from '../token/json.ts';
import { type BatchKey, type CheckBatch, type CheckMessage, serveChecks } from './serve-checks.ts';
import type { StartSignatureThread } from './signature-thread.ts';

const source = `(${serveChecks})(require('node:worker_threads').parentPort, require('node:crypto').verify)`;

/**
 * Starts a thread that checks signatures. It inherits neither environment nor arguments, and does not keep the process alive.
 *
 * @returns undefined where no thread can be started.
 */
export const startSignatureThread: StartSignatureThread = (listener) => {
  try {
    const worker = new Worker(source, { eval: true, name: 'revocast signatures', env: {}, execArgv: [] });
    // A check in progress keeps the process alive, and nothing else does.
    let inProgress = 0;
    worker.on('message', (message: unknown) => {
      if (message === 'ready') listener.ready();
      else if (isJsonObject(message)) {
        const { id, letters } = message;
        inProgress -= 1;
        if (inProgress === 0) worker.unref();
        if (typeof id === 'number' && typeof letters === 'string') listener.answered({ id, letters });
      }
    });
    // The event `exit` follows: the checks that the thread has not answered run on the request thread.
    worker.on('error', () => {});
    worker.on('messageerror', () => void worker.terminate());
    worker.on('exit', () => listener.ended());
    // Last: a listener for messages that is added later keeps the process alive again.
    worker.unref();
    let sent: BatchKey | undefined;
    const send = (batch: CheckBatch) => {
      if (inProgress === 0) worker.ref();
      inProgress += 1;
      const { id, tokens, key, scheme } = batch;
      const isSameKey = sent?.key === key && sent.scheme === scheme;
      const message: CheckMessage = isSameKey ? { id, tokens } : batch;
      worker.postMessage(message);
      if (!isSameKey) sent = { key, scheme };
    };
    return { send, close: () => void worker.terminate() };
  } catch {
    // Not permitted (--permission), or out of memory.
    return undefined;
  }
};
