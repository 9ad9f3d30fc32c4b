/** The known name nearest to a mistyped one, or undefined when none is near. */
export function suggest(typed: string, known: readonly string[]): string | undefined {
  const bare = normalise(typed);
  const begun = known.filter((name) => bare.length > 2 && normalise(name).startsWith(bare));
  if (begun.length === 1) return begun[0];
  const near = known
    .map((name) => ({ name, edits: editDistance(bare, normalise(name)) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return near !== undefined && near.edits <= Math.max(1, Math.floor(bare.length / 3)) ? near.name : undefined;
}

// drain_ms, drain-ms and drainMs are one name in three spellings.
function normalise(name: string): string {
  return name
    .toLowerCase()
    .replace(/^--|^revocast_/, '')
    .replace(/[^a-z0-9]/g, '');
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
