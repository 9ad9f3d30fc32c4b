/** A bar whose length is `share` of `width` characters. The share is limited to 0–1. */
export function bar(share: number, width = 40): string {
  if (Number.isNaN(share)) return '';
  return '█'.repeat(Math.round(Math.min(1, Math.max(0, share)) * width));
}
