// Finds the steps of the request path that reject requests, and returns the source without each of them. The steps are
// found by patterns, so a new step needs no change here.

/** The files with the steps, below packages/middleware/src. */
export const decidingFiles = ['verify-access-token.ts', 'decide-use.ts', 'revocation/check.ts', 'accept-again.ts'];

/** `rejected(…)`, `unavailable(…)`, or a bare reason. */
const refusal = /\b(?:rejected|unavailable)\(|'(?:missing|invalid)_\w+'/;

const shapes = [
  // One line of a list of checks, with the rule that it implements.
  { pattern: /^ {2}(check\w+), +\/\/.*\n/gm, without: () => '' },
  // `if (…) return <refusal>;`, on one line or in a block.
  {
    pattern: /^ *if \(([^{};]+?)\) (?:\{\s*)?return ([^;]+);(?:\s*\})?\n/gm,
    only: ([, , returned]) => refusal.test(returned),
    without: () => '',
  },
  // `if (…) return false;`: an acceptance that is not repeated.
  { pattern: /^ *if \(([^{};]+?)\) return false;\n/gm, without: () => '' },
  // The proof of possession, and the decision of the denylist.
  { pattern: /^ *if \([^{};]+?\) return (decideProof)\([^;]*;\n/gm, without: () => '' },
  { pattern: /(revocation\.decide)\([^()]*\)/g, without: () => 'token.accepted' },
  { pattern: /(revocation\?\.acceptsAgain)\([^()]*\)/g, without: () => 'true' },
  { pattern: /return rejected\((`revoked_[^;]*);/g, without: () => 'return accepted;' },
];

/**
 * @param {string} source the text of one of the {@link decidingFiles}
 * @returns {{ name: string, line: number, source: string }[]} in the order of the file
 */
export function withoutOneStep(source) {
  const steps = [];
  for (const { pattern, only = () => true, without } of shapes) {
    for (const match of source.matchAll(pattern)) {
      if (!only(match)) continue;
      const { index } = match;
      const [text, ...groups] = match;
      const line = source.slice(0, index + text.search(/\S/)).split('\n').length;
      const changed = source.slice(0, index) + without(match) + source.slice(index + text.length);
      steps.push({ name: nameOf(groups), line, source: changed });
    }
  }
  return steps.sort((one, other) => one.line - other.line);
}

function nameOf([first, second]) {
  return second === undefined ? first : `${second} when ${first}`.replaceAll(/\s+/g, ' ');
}
