import { startChild, textIn } from '../child.ts';

export interface RuleServer {
  readonly url: string;
  end(): void;
}

/** A feed with so many rules, none of which concerns the tokens of the bench. */
export async function startRuleServer(rules: number): Promise<RuleServer> {
  const child = startChild(new URL('./rule-process.js', import.meta.url));
  try {
    return { url: textIn(await child.ask({ rules }), 'url'), end: child.end };
  } catch (error) {
    child.end();
    throw error;
  }
}
