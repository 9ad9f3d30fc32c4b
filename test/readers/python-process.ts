import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { dieWithParent } from '@revocast/test-support';

const folder = dirname(fileURLToPath(import.meta.url));
const python = process.env['PYTHON'] ?? 'python3';
const waitMs = 20_000;

/** A line that the reader has printed. */
export interface ReaderLine {
  readonly event?: string;
  readonly [field: string]: unknown;
}

export type Question = readonly [dimension: string, issuer: string, value: string | readonly string[], iat: number];

/** `test/readers/reader.py` as a process. */
export class PythonReader {
  readonly lines: ReaderLine[] = [];
  readonly #child: ChildProcess;
  readonly #errors: string[] = [];
  readonly #listeners = new Set<() => void>();
  #read = 0;

  /** @param sameBoot false: it takes the sidecar for one on another host. */
  constructor(url: string, { sameBoot = true } = {}) {
    const other = sameBoot ? '' : 'reader.own_boot_id = lambda: None; ';
    this.#child = spawn(python, ['-B', '-c', `import reader; ${other}reader.main()`, url], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    dieWithParent(this.#child);
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('expected pipes');
    createInterface({ input: stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      for (const listener of this.#listeners) listener();
    });
    createInterface({ input: stderr }).on('line', (line) => this.#errors.push(line));
    this.#child.once('close', () => {
      for (const listener of this.#listeners) listener();
    });
  }

  /** The next line for which `matches` holds; the lines before it are skipped. */
  async next(what: string, matches: (line: ReaderLine) => boolean): Promise<ReaderLine> {
    const since = this.#read;
    const late = AbortSignal.timeout(waitMs);
    for (;;) {
      while (this.#read < this.lines.length) {
        const line = this.lines[this.#read++];
        if (line !== undefined && matches(line)) return line;
      }
      if (late.aborted || this.#child.exitCode !== null) {
        const found = [...this.lines.slice(since).map((line) => JSON.stringify(line)), ...this.#errors];
        throw new Error(`expected ${what} within ${waitMs} ms, found\n${found.join('\n') || 'nothing'}`);
      }
      await this.#change(late);
    }
  }

  event(name: string): Promise<ReaderLine> {
    return this.next(`the event ${name}`, ({ event }) => event === name);
  }

  async ask(question: Question): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const answered = await this.next(`an answer about ${question[2]}`, (line) => 'answer' in line);
    return answered['answer'];
  }

  /** Ends its input: it leaves in order. Resolves with its exit code. */
  async end(): Promise<number | null> {
    const closed = this.#child.exitCode === null ? once(this.#child, 'close') : undefined;
    this.#child.stdin?.end();
    await closed;
    return this.#child.exitCode;
  }

  /** SIGKILL, for a reader that may not end by itself. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #change(late: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#listeners.delete(wake);
        late.removeEventListener('abort', wake);
        resolve();
      };
      this.#listeners.add(wake);
      late.addEventListener('abort', wake);
    });
  }
}
