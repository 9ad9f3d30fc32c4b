import type { SweepOptions } from './sweep-figures.ts';
import type { VerifyOptions } from './verify-figures.ts';

/** What one process is to measure. */
export type MicroOrder =
  | { readonly what: 'denylist'; readonly rules: number; readonly passes: number }
  | { readonly what: 'codec'; readonly passes: number }
  | ({ readonly what: 'sweep' } & SweepOptions)
  | ({ readonly what: 'verify' } & VerifyOptions);
