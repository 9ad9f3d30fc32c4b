import type { SweepOptions } from './sweep-figures.ts';
import type { VerifyOptions } from './verify-figures.ts';

/** One measurement of the part, inside one process. */
export type MicroOrder =
  | { readonly what: 'denylist'; readonly rules: number; readonly passes: number }
  | { readonly what: 'codec'; readonly passes: number }
  | ({ readonly what: 'sweep' } & SweepOptions)
  | ({ readonly what: 'verify' } & VerifyOptions);
