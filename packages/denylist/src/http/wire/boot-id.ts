/**
 * The name of a boot (`readBootId`) as the 32 hex digits of a frame. Undefined where there is no name: then a process asks
 * its sidecar for the age of the proof instead.
 */
export function bootIdDigits(bootId: string): string | undefined {
  return bootId === '' ? undefined : bootId.replaceAll('-', '');
}
