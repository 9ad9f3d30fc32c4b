import { appendFileSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryRecord } from '../history.ts';

/** The history of one run: a folder with one file of JSON lines for each process, so that no process waits for another. */
export class Recorder {
  readonly folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  /** The file of one process. */
  fileOf(who: string): string {
    return join(this.folder, `${who}.jsonl`);
  }

  write(record: HistoryRecord): void {
    appendFileSync(this.fileOf('suite'), `${JSON.stringify(record)}\n`);
  }
}

/** Opens the file of a process. The life before may have been killed while it wrote: its last line ends here. */
export function openHistory(path: string): number {
  const file = openSync(path, 'a');
  writeSync(file, '\n');
  return file;
}

/** Reads all files, that of the suite first. Skips the incomplete lines of processes that were killed while they wrote. */
export function readHistory(folder: string): HistoryRecord[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl') && name !== 'suite.jsonl');
  return ['suite.jsonl', ...files.sort()].flatMap(
    (name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as HistoryRecord), // the suite wrote each line from this type
  );
}
