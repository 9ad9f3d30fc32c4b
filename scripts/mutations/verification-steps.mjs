// The steps of verify-access-token.ts that refuse something, each with the source as it would be without it. Found by
// their shape, not listed: a step that somebody adds is removed, and asked for its rows, without a word here.

/** `rejected(…)`, `unavailable(…)`, or a bare reason. */
const refusal = /\b(?:rejected|unavailable)\(|'(?:missing|invalid)_\w+'/;

const shapes = [
  // One line of a list of checks, with the rule it stands for.
  { pattern: /^ {2}(check\w+), +\/\/.*\n/gm, without: () => '' },
  // `if (…) return <refusal>;`, on one line or in a block.
  {
    pattern: /^ *if \(([^{};]+?)\) (?:\{\s*)?return ([^;]+);(?:\s*\})?\n/gm,
    only: ([, , returned]) => refusal.test(returned),
    without: () => '',
  },
  // `check(…) ?? <the rest>`
  { pattern: /(\w+)\([^()]*\) \?\?\s+/g, only: ([, name]) => /^check/.test(name), without: () => '' },
  // The proof of possession, and the verdict of the denylist, wherever they are asked for.
  { pattern: /verification\.(possession\.check)\([^()]*\)/g, without: () => "{ outcome: 'proven' }" },
  { pattern: /return (decideRevocation)\(question\)/g, without: () => 'return question.accepted' },
  { pattern: /return rejected\((`revoked_[^;]*);/g, without: () => 'return accepted;' },
];

/**
 * @param {string} source the text of verify-access-token.ts
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
