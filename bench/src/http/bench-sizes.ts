import type { Progress } from '../progress.ts';
import { ratios, type Summary, summarize } from '../report/statistics.ts';
import { warmTokens } from './bench-throughput.ts';
import { withContender } from './contender-run.ts';
import { rateOf } from './load/closed-loop.ts';
import { tokensInTurn } from './token-supply.ts';
import { mintTokens } from './tokens.ts';
import { withIssuer } from './with-issuer.ts';

export interface SizesOptions {
  /** Numbers of rules, ascending. */
  readonly sizes: readonly number[];
  /** The number of rules with which the others are compared. */
  readonly reference: number;
  readonly rounds: number;
  readonly amount: number;
  readonly warmUp: number;
  readonly progress: Progress;
}

export interface SizeLine {
  readonly rules: number;
  readonly requestsPerSecond: Summary;
  /** Relative to the reference size in the same rounds. */
  readonly ofReference: Summary;
}

/** Measures the warm throughput of Revocast for different numbers of rules. */
export async function benchSizes(options: SizesOptions): Promise<SizeLine[]> {
  const { sizes, reference, rounds, amount, warmUp, progress } = options;
  return await withIssuer(sizes, async (issuer, settings) => {
    const tokens = await mintTokens(issuer, warmTokens);
    const rates = sizes.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < settings.length; turn++) {
        // The order rotates, so that no size is always the first.
        const index = (turn + round) % settings.length;
        const setting = settings[index];
        if (setting === undefined) throw new Error('expected a setting for each size');
        progress(`warm with ${sizes[index]} rules, round ${round + 1} of ${rounds}`);
        const run = { contender: 'revocast', setting, warmUp: { tokens, amount: warmUp } };
        const rate = await withContender(run, (port) => rateOf(port, tokensInTurn(tokens, amount)));
        rates[index]?.push(rate);
      }
    }
    const compared = rates[sizes.indexOf(reference)] ?? [];
    return sizes.map((rules, index) => ({
      rules,
      requestsPerSecond: summarize(rates[index] ?? []),
      ofReference: summarize(ratios(rates[index] ?? [], compared)),
    }));
  });
}
