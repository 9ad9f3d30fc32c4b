/** A bar of `width` characters for a share of 1; more than all is drawn as all. */
export function bar(share: number, width = 40): string {
  if (Number.isNaN(share)) return '';
  return '█'.repeat(Math.round(Math.min(1, Math.max(0, share)) * width));
}
