/** One verdict of one probe; see {@link ./history.ts} ProbeRecord for what each letter means. */
export type VerdictLetter = 'a' | 'A' | 'p' | 'r' | 'R' | 'u';

/** Run-length encoding, `['a', 'a', 'r']` to `a2r`: a line about thousands of equal verdicts takes a few bytes. */
export function encodeVerdicts(letters: readonly VerdictLetter[]): string {
  let text = '';
  for (let at = 0; at < letters.length; ) {
    const letter = letters[at]!;
    let next = at + 1;
    while (letters[next] === letter) next += 1;
    text += next - at === 1 ? letter : `${letter}${next - at}`;
    at = next;
  }
  return text;
}

/** A run of `count` tokens with the same letter, from index `from`. */
export interface VerdictRun {
  readonly letter: VerdictLetter;
  readonly from: number;
  readonly count: number;
}

/** @throws Error for text that is not an output of {@link encodeVerdicts}. */
export function decodeVerdicts(text: string, from = 0): VerdictRun[] {
  const runs: VerdictRun[] = [];
  let at = 0;
  let index = from;
  for (const [whole, letter, times] of text.matchAll(/([aAprRu])(\d*)/g)) {
    const count = times === '' ? 1 : Number(times);
    runs.push({ letter: letter as VerdictLetter, from: index, count }); // the pattern admits no other letter
    index += count;
    at += whole.length;
  }
  if (at !== text.length)
    throw new Error(`verdicts must be letters of aAprRu, each with an optional count; found ${text.slice(0, 80)}`);
  return runs;
}
