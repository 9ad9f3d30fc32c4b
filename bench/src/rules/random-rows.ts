/** Rows of a snapshot, as words, with random digests and denials. @param deniedUntil seconds; default: no end. */
export function randomRows(count: number, deniedUntil: (row: number) => number = () => 0xffff_ffff): Uint32Array {
  const rows = new Uint32Array(count * 8);
  for (let row = 0; row < count; row++) {
    for (let word = 0; word < 4; word++) rows[row * 8 + word] = Math.random() * 2 ** 32;
    rows[row * 8 + 4] = deniedUntil(row);
    rows[row * 8 + 6] = 1;
  }
  return rows;
}
