/** Prints what happens, line by line. */
export interface Narrator {
  scene(letter: string, title: string): void;
  /** What was done. */
  say(text: string): void;
  /** What was found, as a tick or a cross. */
  verdict(good: boolean, text: string): void;
  /** Lines as they are, indented: a table, a plot. */
  block(lines: readonly string[]): void;
  /** Runs `work`; while it takes longer than two seconds, says every two seconds that it goes on. */
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
