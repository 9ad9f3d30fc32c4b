import type { ResidentOptions } from './resident-figures.ts';
import type { SweepOptions } from './sweep-figures.ts';
import type { VerifyOptions } from './verify-figures.ts';

/** One measurement of the part. */
export type MicroOrder = ProcessOrder | ({ readonly what: 'resident' } & ResidentOptions);

/** A measurement inside one process. */
export type ProcessOrder =
  | { readonly what: 'denylist'; readonly rules: number; readonly passes: number }
  | { readonly what: 'codec'; readonly passes: number }
  | ({ readonly what: 'sweep' } & SweepOptions)
  | ({ readonly what: 'verify' } & VerifyOptions);
