import { crc32 } from 'node:zlib';
import { seededRandom } from '@revocast/test-support/seeded-random';
import type { Decoder } from './decoder.ts';
import { Mutator } from './mutator.ts';
import { countShared, watchPrototypes } from './prototypes.ts';
import { shrink } from './shrink.ts';

/** What the fuzzer looks for. A decoder that never returns is found by the supervisor, which reports it as `hang`. */
export interface Failure {
  readonly kind: 'throw' | 'hang' | 'pollution' | 'growth';
  readonly detail: string;
  /** The smallest input that was found to show it; empty for `growth`. */
  readonly input: Buffer;
}

export interface RunPorts {
  /** Milliseconds of CPU that this process has used. */
  readonly cpuMs: () => number;
  readonly wallMs: () => number;
  /** Bytes in use after a collection of garbage. */
  readonly usedBytes: () => number;
  /** Called each time before an input is decoded, so that the supervisor has it if the decoder never returns. */
  readonly beforeInput?: (input: Buffer) => void;
}

/** The default of `maxCpuMs` of a decoder. */
export const defaultMaxCpuMs = 250;
/** By which memory may grow during all slices of a decoder but the first one, which fills caches and compiles. */
export const maxGrowthBytes = 16 * 1024 * 1024;

/** The inputs of one decoder. They depend on the seed and the name of the decoder only. */
export class DecoderRun {
  readonly decoder: Decoder;
  inputs = 0;
  spentMs = 0;
  readonly #ports: RunPorts;
  readonly #mutator: Mutator;
  readonly #pollution = watchPrototypes();
  #shared = countShared();
  #grownBytes: number | undefined;

  constructor(decoder: Decoder, seed: number, ports: RunPorts) {
    this.decoder = decoder;
    this.#ports = ports;
    this.#mutator = new Mutator(decoder, seededRandom(crc32(`${seed} ${decoder.name}`)));
  }

  /** Decodes new inputs for about `sliceMs` milliseconds, or until one fails. */
  slice(sliceMs: number): Failure | undefined {
    const usedBytes = this.#ports.usedBytes();
    const startMs = this.#ports.wallMs();
    try {
      let nowMs = startMs;
      while (nowMs - startMs < sliceMs) {
        const input = this.#mutator.next();
        const failure = this.#try(input, true);
        this.inputs += 1;
        if (failure !== undefined) return this.#smallest(failure);
        nowMs = this.#ports.wallMs();
      }
      return this.#smallest(this.#polluted(Buffer.alloc(0))) ?? this.#grown(usedBytes);
    } finally {
      this.spentMs += this.#ports.wallMs() - startMs;
    }
  }

  #try(input: Buffer, isNew = false): Failure | undefined {
    const { cpuMs, wallMs } = this.#ports;
    const { maxCpuMs = defaultMaxCpuMs } = this.decoder;
    const startMs = wallMs();
    const failure = this.#decode(input, isNew);
    if (failure !== undefined) return failure;
    // Reading the CPU time is slow, and a pause of the machine is no fault: only a slow input is measured again.
    for (let repeat = 0; wallMs() - startMs > maxCpuMs; repeat++) {
      const before = cpuMs();
      this.#decode(input, false);
      const usedMs = cpuMs() - before;
      if (usedMs <= maxCpuMs) break;
      if (repeat === (isNew ? 2 : 0))
        return { kind: 'hang', detail: `${Math.round(usedMs)} ms of CPU for one input`, input };
    }
    return countShared() === this.#shared ? undefined : this.#polluted(input);
  }

  #decode(input: Buffer, isNew: boolean): Failure | undefined {
    this.#ports.beforeInput?.(input);
    // A decoder must not change its input, and a later one must not see a change.
    const copy = Buffer.from(input);
    try {
      const result = this.decoder.decode(copy);
      if (isNew && result !== undefined && typeof result !== 'string') this.#mutator.accepted(input);
    } catch (error) {
      if (this.decoder.isExpected?.(error) === true) return undefined;
      return {
        kind: 'throw',
        detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        input,
      };
    }
    return undefined;
  }

  #polluted(input: Buffer): Failure | undefined {
    const detail = this.#pollution();
    return detail === undefined ? undefined : { kind: 'pollution', detail, input };
  }

  /** Other decoders run between the slices of this one, so only what was added during its own slices counts. */
  #grown(beforeBytes: number): Failure | undefined {
    const grownBytes = this.#ports.usedBytes() - beforeBytes;
    this.#grownBytes = this.#grownBytes === undefined ? 0 : this.#grownBytes + grownBytes;
    if (this.#grownBytes <= maxGrowthBytes) return undefined;
    const detail = `${this.#grownBytes} bytes more in use after ${this.inputs} inputs`;
    return { kind: 'growth', detail, input: Buffer.alloc(0) };
  }

  #smallest(failure: Failure | undefined): Failure | undefined {
    if (failure === undefined || failure.input.length === 0) return failure;
    let smallest = failure;
    const fails = (input: Buffer): boolean => {
      const found = this.#try(input);
      if (found?.kind !== failure.kind || nameOf(found) !== nameOf(failure)) return false;
      smallest = found;
      return true;
    };
    shrink(failure.input, fails, failure.kind === 'hang' ? 20 : 4000);
    return smallest;
  }
}

/** Another error is another fault, but the same one may quote the input in its message. */
function nameOf({ detail }: Failure): string {
  return detail.split(':', 1)[0]!;
}
