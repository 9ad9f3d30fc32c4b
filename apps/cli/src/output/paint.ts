import type { Output, World } from '../world.ts';

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

/** Adds colours on a terminal only, and not when NO_COLOR is set (https://no-color.org). */
export function paintFor({ isTerminal }: Output, { NO_COLOR: noColour, TERM: terminal }: World['environment']): Paint {
  const hasColours = isTerminal && !noColour && terminal !== 'dumb';
  return (colour, text) => (hasColours ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}
