/** Removes parts of an input, the largest first, as long as `fails` is true for the rest. */
export function shrink(input: Buffer, fails: (input: Buffer) => boolean, mostAttempts: number): void {
  let smallest = input;
  let attempts = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length; ) {
      if (attempts++ === mostAttempts) return;
      const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      if (fails(shorter)) smallest = shorter;
      else at += size;
    }
  }
}
