import { Worker } from 'node:worker_threads';
import { isJsonObject } from '../token/json.ts';
import { serveChecks } from './serve-checks.ts';
import type { StartSignatureThread } from './signature-thread.ts';

const source = `(${serveChecks})(require('node:worker_threads').parentPort, require('node:crypto').verify)`;

/**
 * Starts a thread that checks signatures. It inherits neither environment nor arguments, and keeps no process alive.
 *
 * @returns undefined where none may be started.
 */
export const startSignatureThread: StartSignatureThread = (told) => {
  try {
    const worker = new Worker(source, { eval: true, name: 'revocast signatures', env: {}, execArgv: [] });
    worker.unref();
    worker.on('message', (message: unknown) => {
      if (message === 'ready') told.ready();
      else if (isJsonObject(message)) {
        const { id, letters } = message;
        if (typeof id === 'number' && typeof letters === 'string') told.answered({ id, letters });
      }
    });
    // The end of the thread says it all: whatever it had not answered is checked on the spot.
    worker.on('error', () => {});
    worker.on('messageerror', () => void worker.terminate());
    worker.on('exit', () => told.ended());
    return { send: (batch) => worker.postMessage(batch), close: () => void worker.terminate() };
  } catch {
    // Not permitted here (--permission), or no memory for it.
    return undefined;
  }
};
