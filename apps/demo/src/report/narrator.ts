/** Prints the scenes. */
export interface Narrator {
  scene(letter: string, title: string): void;
  /** A line about an action. */
  say(text: string): void;
  /** A line with the result of a check: a tick or a cross. */
  verdict(good: boolean, text: string): void;
  /** Indented lines, for a table or a plot. */
  block(lines: readonly string[]): void;
  /** Runs `work`, and prints its progress every two seconds. */
  during<T>(what: string, work: (report: (progress: string) => void) => Promise<T>): Promise<T>;
}

export interface NarratorOptions {
  readonly write: (line: string) => void;
  /** Whether to use ANSI colours. */
  readonly colours: boolean;
  /** Characters of a line, at least 40. Longer lines are continued below, with the same indentation. */
  readonly columns: number;
  readonly every: (ms: number, tick: () => void) => { stop: () => void };
}

const progressEveryMs = 2000;

export function createNarrator({ write, colours, columns, every }: NarratorOptions): Narrator {
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    scene: (letter, title) => write(`\n${paint(1, `(${letter}) ${title}`)}`),
    say: (text) => {
      for (const line of wrap(text, columns - 4)) write(`    ${line}`);
    },
    verdict: (good, text) => {
      for (const [index, line] of wrap(text, columns - 4).entries()) {
        write(index === 0 ? `  ${good ? paint(32, '✓') : paint(31, '✗')} ${line}` : `    ${line}`);
      }
    },
    block: (lines) => {
      for (const line of lines.flatMap((text) => wrap(text, columns - 6))) write(line && paint(2, `      ${line}`));
    },
    async during(what, work) {
      let progress = '';
      let elapsedMs = 0;
      const timer = every(progressEveryMs, () => {
        elapsedMs += progressEveryMs;
        write(paint(2, `    … ${what}${progress && `: ${progress}`} (${elapsedMs / 1000} s)`));
      });
      try {
        return await work((text) => {
          progress = text;
        });
      } finally {
        timer.stop();
      }
    },
  };
}

/** Splits a text at spaces. The first spaces of a line stay, as those of a table do. */
function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const [indent = ''] = /^ */.exec(text) ?? [];
  const lines = [indent];
  for (const word of text.slice(indent.length).split(' ')) {
    const line = lines.at(-1) ?? '';
    const isEmpty = line.trim() === '';
    if (!isEmpty && line.length + 1 + word.length > width) lines.push(`${indent}${word}`);
    else lines[lines.length - 1] = isEmpty ? `${line}${word}` : `${line} ${word}`;
  }
  return lines;
}
