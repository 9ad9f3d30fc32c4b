/** One decoder of outside data, as the fuzzer drives it. */
export interface Decoder {
  readonly name: string;
  /** Valid inputs, from which all others are made. */
  readonly seeds: readonly Buffer[];
  /** Selects the mutations: of bytes, of the JSON value too, or of the parts of a JWT too. */
  readonly format: 'binary' | 'json' | 'token';
  /** Reads one input. Whatever it returns, an accepted input makes a new seed when `isAccepted` is absent or true. */
  decode(input: Buffer): unknown;
  /** Whether an error is documented: the decoder may throw it for an invalid input. Default: none is. */
  isExpected?(error: unknown): boolean;
  /** CPU milliseconds for one input of at most 64 KiB. Default 250. After twenty times as many it is taken to never return. */
  readonly maxCpuMs?: number;
  /** Makes the checksum of an input valid, so that a mutation is not refused because of it. */
  seal?(input: Buffer): Buffer;
}
