/**
 * Splits a text into lines at spaces. A word that is longer than a line is cut.
 *
 * @param width characters of a line, at least 20; undefined: one line, for an output that is no terminal.
 */
export function wrap(text: string, width: number | undefined): string[] {
  if (width === undefined) return [text];
  const most = Math.max(20, width);
  const lines = [''];
  for (const word of text.split(' ').flatMap((each) => cut(each, most))) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= most) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function cut(word: string, most: number): string[] {
  return word.match(new RegExp(`.{1,${most}}`, 'gs')) ?? [''];
}
