/** Bytes of UTF-8 in the label of a replica. */
export const maxLabelBytes = 128;

/**
 * Cuts a label to its bound, between two characters. Control and format characters become `?`: a label is chosen by
 * another process and is printed to terminals and pages.
 */
export function boundLabel(label: string): string {
  let bounded = '';
  let bytes = 0;
  for (const character of label.slice(0, maxLabelBytes).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?')) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxLabelBytes) break;
    bounded += character;
  }
  return bounded;
}
