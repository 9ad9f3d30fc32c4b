import { Worker } from 'node:worker_threads';
import { isJsonObject } from '../token/json.ts';
import { serveChecks } from './serve-checks.ts';
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
    worker.unref();
    worker.on('message', (message: unknown) => {
      if (message === 'ready') listener.ready();
      else if (isJsonObject(message)) {
        const { id, letters } = message;
        if (typeof id === 'number' && typeof letters === 'string') listener.answered({ id, letters });
      }
    });
    // The event `exit` follows: the checks that the thread has not answered run on the request thread.
    worker.on('error', () => {});
    worker.on('messageerror', () => void worker.terminate());
    worker.on('exit', () => listener.ended());
    return { send: (batch) => worker.postMessage(batch), close: () => void worker.terminate() };
  } catch {
    // Not permitted (--permission), or out of memory.
    return undefined;
  }
};
