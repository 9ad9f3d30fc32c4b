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
  readonly every: (ms: number, tick: () => void) => { stop: () => void };
}

const progressEveryMs = 2000;

export function createNarrator({ write, colours, every }: NarratorOptions): Narrator {
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    scene: (letter, title) => write(`\n${paint(1, `(${letter}) ${title}`)}`),
    say: (text) => write(`    ${text}`),
    verdict: (good, text) => write(`  ${good ? paint(32, '✓') : paint(31, '✗')} ${text}`),
    block: (lines) => {
      for (const line of lines) write(paint(2, `      ${line}`));
    },
    async during(what, work) {
      let progress = '';
      const timer = every(progressEveryMs, () => write(paint(2, `    … ${what}${progress && `: ${progress}`}`)));
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
