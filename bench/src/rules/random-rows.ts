/** Rows of a snapshot with random digests and denials. @param deniedUntil seconds; default: no end. */
export function randomRows(count: number, deniedUntil: (row: number) => number = () => 0xffff_ffff): Uint8Array {
  const rows = new Uint8Array(count * 32);
  const view = new DataView(rows.buffer);
  for (let row = 0; row < count; row++) {
    for (let word = 0; word < 4; word++) view.setUint32(row * 32 + word * 4, Math.random() * 2 ** 32);
    view.setUint32(row * 32 + 16, deniedUntil(row));
    view.setUint32(row * 32 + 24, 1);
  }
  return rows;
}
