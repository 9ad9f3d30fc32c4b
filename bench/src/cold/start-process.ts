import { startChild } from '../child.ts';
import { numberIn } from '../message.ts';

export interface ProcessStart {
  readonly freshAfterMs: number;
  readonly longestPauseMs: number;
  /** The longest pause of the process that served the snapshot. */
  readonly servingPauseMs: number;
}

interface ServedBy {
  readonly url: string;
  takeLongestPauseMs(): Promise<number>;
}

/** Starts one API process behind a feed that is ready. @throws unless it then holds `rules` rules. */
export async function startProcess(served: ServedBy, rules: number): Promise<ProcessStart> {
  const replica = startChild(new URL('../fleet/replica-process.js', import.meta.url));
  try {
    const answer = await replica.ask({ url: served.url });
    const held = numberIn(answer, 'rules');
    if (held !== rules) throw new Error(`expected ${rules} rules, found ${held}`);
    return {
      freshAfterMs: numberIn(answer, 'freshAfterMs'),
      longestPauseMs: numberIn(answer, 'longestPauseMs'),
      servingPauseMs: await served.takeLongestPauseMs(),
    };
  } finally {
    replica.end();
  }
}
