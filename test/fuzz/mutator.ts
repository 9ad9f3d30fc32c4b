import type { Decoder } from './decoder.ts';
import { mutateJson } from './mutate-json.ts';

/** No input is longer. Decoders that accept more are bounded by their callers. */
export const maxInputBytes = 65_536;
const mostMutations = 4;

/** Whole numbers from 0 to below `bound`. */
export type Draw = (bound: number) => number;

type Mutation = (input: Buffer, draw: Draw, other: Buffer) => Buffer;

const edgeNumbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const edgeTexts = ['-1', '0', '4294967295', '4294967296', '9007199254740993', '999999999999999', '1e308', 'NaN', ''];
const fragments = [
  '"',
  '\\',
  '\0',
  '\ud800',
  '\u202e',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '|',
  '.',
  '\n',
  '&a *a',
  '__proto__',
];

/** Replaces bytes from `at` to `end`. */
function replace(input: Buffer, at: number, end: number, by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), by, input.subarray(end)]);
}

function range(input: Buffer, draw: Draw): readonly [number, number] {
  const at = draw(input.length + 1);
  return [at, Math.min(input.length, at + draw(1 << draw(8)))];
}

const byteMutations: readonly Mutation[] = [
  function flipBit(input, draw) {
    const copy = Buffer.from(input);
    const at = draw(copy.length);
    if (copy.length > 0) copy[at]! ^= 1 << draw(8);
    return copy;
  },
  function setByte(input, draw) {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[draw(copy.length)] = draw(256);
    return copy;
  },
  (input, draw) => input.subarray(0, draw(input.length + 1)),
  function removeRange(input, draw) {
    const [at, end] = range(input, draw);
    return replace(input, at, end, Buffer.alloc(0));
  },
  function duplicateRange(input, draw) {
    const [at, end] = range(input, draw);
    const copies = Math.min(1 + draw(1 << draw(10)), Math.floor(maxInputBytes / (end - at + 1)));
    return replace(input, at, at, Buffer.concat(Array(copies).fill(input.subarray(at, end))));
  },
  function splice(input, draw, other) {
    return Buffer.concat([input.subarray(0, draw(input.length + 1)), other.subarray(draw(other.length + 1))]);
  },
  function insertFragment(input, draw) {
    const [at] = range(input, draw);
    const text = fragments[draw(fragments.length)]!;
    return replace(input, at, at, Buffer.from(draw(8) === 0 ? text.repeat(1 << draw(13)) : text));
  },
  function setNumber(input, draw) {
    const copy = Buffer.from(input);
    const bytes = 1 << draw(4);
    if (copy.length < bytes) return copy;
    const at = draw(copy.length - bytes + 1);
    for (let byte = 0; byte < bytes; byte += 4) {
      const value = edgeNumbers[draw(edgeNumbers.length)]!;
      copy.writeUIntBE(value % 256 ** Math.min(bytes, 4), at + byte, Math.min(bytes, 4));
    }
    return copy;
  },
  function replaceDigits(input, draw) {
    const text = input.toString('latin1');
    const found = [...text.matchAll(/\d+/g)];
    const match = found[draw(found.length)];
    if (match === undefined) return input;
    const by = Buffer.from(edgeTexts[draw(edgeTexts.length)]!);
    return replace(input, match.index, match.index + match[0].length, by);
  },
];

const mutateJsonText: Mutation = (input, draw) => {
  let value: unknown;
  try {
    value = JSON.parse(input.toString('utf8'));
  } catch {
    return input;
  }
  return Buffer.from(JSON.stringify(mutateJson(value, draw)) ?? '');
};

/** Changes one part of a JWT, inside its base64url. */
const mutateToken: Mutation = (input, draw, other) => {
  const parts = input.toString('latin1').split('.');
  const index = draw(Math.min(parts.length, 3));
  const inside = Buffer.from(parts[index]!, 'base64url');
  const mutations = index === 2 ? byteMutations : [mutateJsonText, mutateJsonText, ...byteMutations];
  parts[index] = mutations[draw(mutations.length)]!(inside, draw, other).toString('base64url');
  return Buffer.from(parts.join('.'), 'latin1');
};

const ownMutations = { binary: [], json: [mutateJsonText], token: [mutateToken] } as const;

/** Makes inputs from seeds. The sequence depends only on `random` and on the inputs that are added. */
export class Mutator {
  readonly #decoder: Decoder;
  readonly #random: () => number;
  readonly #pool: Buffer[];

  constructor(decoder: Decoder, random: () => number) {
    this.#decoder = decoder;
    this.#random = random;
    this.#pool = [...decoder.seeds];
  }

  next(): Buffer {
    const draw = this.#draw;
    const own: readonly Mutation[] = ownMutations[this.#decoder.format];
    let input = this.#pool[draw(this.#pool.length)]!;
    for (let count = 1 + draw(mostMutations); count > 0; count--) {
      const mutations = own.length > 0 && draw(2) === 0 ? own : byteMutations;
      const other = this.#pool[draw(this.#pool.length)]!;
      input = mutations[draw(mutations.length)]!(input, draw, other).subarray(0, maxInputBytes);
    }
    // The refusal of a checksum is itself a path.
    return draw(8) === 0 ? Buffer.from(input) : (this.#decoder.seal?.(input) ?? Buffer.from(input));
  }

  /** Adds an input that the decoder has accepted, in place of another one once there are many. */
  accepted(input: Buffer): void {
    const { seeds } = this.#decoder;
    if (input.length > 4096 || this.#draw(16) !== 0) return;
    if (this.#pool.length < seeds.length + 64) this.#pool.push(input);
    else this.#pool[seeds.length + this.#draw(64)] = input;
  }

  readonly #draw: Draw = (bound) => Math.floor(this.#random() * bound);
}
