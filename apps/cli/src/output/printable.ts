import type { Output, World } from '../world.ts';

/** Control and format characters: escapes, line ends, and the marks that change the direction of text. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The same without what this program writes itself: its colours (paint.ts), and ends of lines. */
const foreign = /(\u001b\[(?:0|1|2|3[1-6])m|\n)|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A value from outside on one line, so that it can imitate neither another line nor a colour. */
export function printable(text: string): string {
  return text.replace(unprintable, '?');
}

/** Cleans everything that is printed, whatever a command has put into it. In JSON a character becomes its escape. */
export function cleanWorld(world: World): World {
  return { ...world, stdout: cleanOutput(world.stdout), stderr: cleanOutput(world.stderr) };
}

function cleanOutput(output: Output): Output {
  const { isTerminal, columns } = output;
  return {
    isTerminal,
    columns,
    write: (text) => output.write(text.startsWith('{') ? escapeJson(text) : clean(text, isTerminal)),
  };
}

function clean(text: string, hasColours: boolean): string {
  return text.replace(foreign, (found, own?: string) =>
    own === '\n' || (own !== undefined && hasColours) ? found : '?',
  );
}

function escapeJson(text: string): string {
  return text.replace(foreign, (found) =>
    found === '\n' ? found : [...Array(found.length).keys()].map((at) => unicodeEscape(found.charCodeAt(at))).join(''),
  );
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
