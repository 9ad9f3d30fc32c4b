import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryRecord } from '../history.ts';

/** The history of one run: a folder with a file of JSON lines for each process, so that none waits for another. */
export class Recorder {
  readonly folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  /** Where a process writes its own part. */
  fileOf(who: string): string {
    return join(this.folder, `${who}.jsonl`);
  }

  write(record: HistoryRecord): void {
    appendFileSync(this.fileOf('suite'), `${JSON.stringify(record)}\n`);
  }
}

/** All parts, the one of the suite first; a last line that a killed process did not finish is left out. */
export function readHistory(folder: string): HistoryRecord[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl') && name !== 'suite.jsonl');
  return ['suite.jsonl', ...files.sort()].flatMap(
    (name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as HistoryRecord), // written by this suite, from that very type
  );
}
