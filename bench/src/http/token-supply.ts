/** The token of the next request; undefined ends the load. */
export type NextToken = () => string | undefined;

/** Returns `amount` tokens in a cycle. Default: each token once. */
export function tokensInTurn(tokens: readonly string[], amount = tokens.length): NextToken {
  let sent = 0;
  return () => {
    if (sent >= amount) return undefined;
    sent += 1;
    return tokens[(sent - 1) % tokens.length];
  };
}

/** Returns tokens in a cycle for `ms` milliseconds from the first call. */
export function tokensFor(tokens: readonly string[], ms: number, nowMs = () => performance.now()): NextToken {
  const next = tokensInTurn(tokens, Number.POSITIVE_INFINITY);
  let endMs: number | undefined;
  return () => {
    const now = nowMs();
    endMs ??= now + ms;
    return now < endMs ? next() : undefined;
  };
}

export function inSequence(first: NextToken, second: NextToken): NextToken {
  return () => first() ?? second();
}
