/** Bytes of UTF-8 in the label of a replica. */
export const maxLabelBytes = 128;
const plainText = /^[\x20-\x7e]*$/;

/**
 * Cuts a label to its bound, between two characters. Control and format characters become `?`: a label is chosen by
 * another process and is printed to terminals and pages.
 */
export function boundLabel(label: string): string {
  if (label.length <= maxLabelBytes && plainText.test(label)) return label;
  const printable = label.slice(0, maxLabelBytes).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
  let bytes = 0;
  let end = 0;
  for (const character of printable) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxLabelBytes) break;
    end += character.length;
  }
  return printable.slice(0, end);
}
