import { parentPort, workerData } from 'node:worker_threads';
import type { Decoder } from './decoder.ts';
import { DecoderRun, type Failure } from './decoder-run.ts';

/** What the supervisor passes to the thread that decodes. */
export interface Order {
  readonly seconds: number;
  readonly seed: number;
  readonly only: readonly string[];
  readonly shared: SharedArrayBuffer;
}

/** One decoder after a slice of its time. */
export interface Progress {
  readonly name: string;
  readonly inputs: number;
  readonly spentMs: number;
  readonly failure?: Omit<Failure, 'input'> & { readonly hex: string };
}

/** In the shared memory, as Int32: the number of inputs begun, the index of the decoder, the length of the input. */
export const sharedFields = { begun: 0, decoder: 1, length: 2 };
export const sharedHeaderBytes = 16;
const slicesPerDecoder = 12;

/** Runs the decoders in turn until the time is over. A decoder that has failed is not run again. */
export function work(decoders: readonly Decoder[]): void {
  const { seconds, seed, only, shared } = workerData as Order; // sent by supervise.ts only
  const fields = new Int32Array(shared, 0, sharedHeaderBytes / 4);
  const bytes = new Uint8Array(shared, sharedHeaderBytes);
  const chosen = decoders.filter(({ name }) => only.length === 0 || only.includes(name));
  const collect: unknown = Reflect.get(globalThis, 'gc');
  if (typeof collect !== 'function') throw new Error('expected Node to run with --expose-gc');
  const usedBytes = (): number => {
    // The second collection waits until the first one has released the buffers.
    collect();
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  let runs = chosen.map((decoder) => {
    const index = decoders.indexOf(decoder);
    const beforeInput = (input: Buffer): void => {
      bytes.set(input);
      fields[sharedFields.decoder] = index;
      fields[sharedFields.length] = input.length;
      Atomics.add(fields, sharedFields.begun, 1);
    };
    return new DecoderRun(decoder, seed, { cpuMs, wallMs: () => performance.now(), usedBytes, beforeInput });
  });
  const endMs = performance.now() + seconds * 1000;
  const sliceMs = (seconds * 1000) / chosen.length / slicesPerDecoder;
  while (runs.length > 0 && performance.now() < endMs) {
    runs = runs.filter((run) => {
      // At least a millisecond: a decoder without inputs would be reported as one in which nothing was found.
      const failure = run.slice(Math.max(1, Math.min(sliceMs, endMs - performance.now())));
      const { inputs, spentMs } = run;
      const found = failure && { kind: failure.kind, detail: failure.detail, hex: failure.input.toString('hex') };
      const progress: Progress = { name: run.decoder.name, inputs, spentMs, failure: found };
      parentPort?.postMessage(progress);
      return failure === undefined;
    });
  }
}
