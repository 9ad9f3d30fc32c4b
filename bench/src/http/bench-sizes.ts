import type { Progress } from '../progress.ts';
import { ratios, type Summary, summarize } from '../report/statistics.ts';
import { warmTokens } from './bench-throughput.ts';
import { withContender } from './contender-run.ts';
import { rateOf } from './load/closed-loop.ts';
import { tokensInTurn } from './token-supply.ts';
import { mintTokens } from './tokens.ts';
import { withIssuer } from './with-issuer.ts';

export interface SizesOptions {
  /** Rules, ascending. */
  readonly sizes: readonly number[];
  /** The size that the others are compared with. */
  readonly reference: number;
  readonly rounds: number;
  readonly amount: number;
  readonly warmUp: number;
  readonly progress: Progress;
}

export interface SizeLine {
  readonly rules: number;
  readonly requestsPerSecond: Summary;
  /** Of the reference size in the same rounds. */
  readonly ofReference: Summary;
}

/** Revocast's warm throughput over the number of rules it holds. */
export async function benchSizes(options: SizesOptions): Promise<SizeLine[]> {
  const { sizes, reference, rounds, amount, warmUp, progress } = options;
  return await withIssuer(sizes, async (issuer, settings) => {
    const tokens = await mintTokens(issuer, warmTokens);
    const rates = sizes.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < settings.length; turn++) {
        // Who comes first changes, lest one size always follow the same other one.
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
