/**
 * Returns the known name that a mistyped one most likely means: the only one that begins with it, or the one with the
 * smallest edit distance. Case, separators and the prefixes `--` and `REVOCAST_` do not count.
 *
 * @returns undefined when more than a third of the name would have to change.
 */
export function suggestName(typed: string, known: readonly string[]): string | undefined {
  const bare = normalise(typed);
  const begun = known.filter((name) => bare.length > 2 && normalise(name).startsWith(bare));
  if (begun.length === 1) return begun[0];
  const [nearest] = known
    .map((name) => ({ name, edits: editDistance(bare, normalise(name)) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(name.length / 3)))
    .sort((one, other) => one.edits - other.edits);
  return nearest?.name;
}

// drain_ms, drain-ms and drainMs are one name in three spellings.
function normalise(name: string): string {
  return name
    .toLowerCase()
    .replace(/^--|^revocast_/, '')
    .replace(/[^a-z0-9]/g, '');
}

/** Levenshtein distance. */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}
