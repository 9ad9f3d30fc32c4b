import { startChild } from '../child.ts';
import { numberIn, textIn } from '../message.ts';

export interface RuleServer {
  readonly url: string;
  /** The longest pause of its event loop since the last call. */
  takeLongestPauseMs(): Promise<number>;
  end(): void;
}

/** Starts a feed with `rules` rules, none of which covers a token of the bench. */
export async function startRuleServer(rules: number): Promise<RuleServer> {
  const child = startChild(new URL('./rule-process.js', import.meta.url));
  try {
    const url = textIn(await child.ask({ rules }), 'url');
    return { url, takeLongestPauseMs: async () => numberIn(await child.ask('pauses'), 'longestMs'), end: child.end };
  } catch (error) {
    child.end();
    throw error;
  }
}
