/** The last line of a run of the tests, which CI reads. */
export const closingLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

const pattern = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

/**
 * The closing line of several runs together.
 * @param {{ output: string, status: number }[]} runs `output`: at least the end of it. A run counts as one more failure when it
 * ended without a closing line, or failed and names no failed test.
 */
export function closingLineOf(runs) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { output, status } of runs) {
    const found = pattern.exec(output.trimEnd().split('\n').at(-1));
    const [passed, failed, skipped] = found === null ? [0, 1, 0] : found.slice(1).map(Number);
    sum.passed += passed;
    sum.failed += status !== 0 && failed + skipped === 0 ? 1 : failed;
    sum.skipped += skipped;
  }
  return closingLine(sum);
}
