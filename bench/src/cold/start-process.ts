import { startChild } from '../child.ts';
import { numberIn } from '../said.ts';

export interface ProcessStart {
  readonly freshAfterMs: number;
  readonly longestPauseMs: number;
  /** Of the process that served it. */
  readonly servingPauseMs: number;
}

interface ServedBy {
  readonly url: string;
  takeLongestPauseMs(): Promise<number>;
}

/** One new API process beside a feed that is warm. @throws unless it then holds so many rules. */
export async function startProcess(served: ServedBy, rules: number): Promise<ProcessStart> {
  const replica = startChild(new URL('../fleet/replica-process.js', import.meta.url));
  try {
    const said = await replica.ask({ url: served.url });
    const held = numberIn(said, 'rules');
    if (held !== rules) throw new Error(`expected ${rules} rules, found ${held}`);
    return {
      freshAfterMs: numberIn(said, 'freshAfterMs'),
      longestPauseMs: numberIn(said, 'longestPauseMs'),
      servingPauseMs: await served.takeLongestPauseMs(),
    };
  } finally {
    replica.end();
  }
}
