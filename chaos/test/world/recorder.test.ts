import { appendFileSync, closeSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openHistory, Recorder, readHistory } from '../../src/world/recorder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-recorder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the history of a process that was killed while it wrote', () => {
  it('keeps the complete lines of both lives, and skips the incomplete one', () => {
    const recorder = new Recorder(folder);
    appendFileSync(recorder.fileOf('suite'), '{"life":0}\n');
    for (const text of ['{"life":1}\n{"life":1,"verdicts":["acc', '{"life":2}\n']) {
      const file = openHistory(recorder.fileOf('a1'));
      writeSync(file, text);
      closeSync(file);
    }
    expect(readHistory(folder)).toEqual([{ life: 0 }, { life: 1 }, { life: 2 }]);
  });
});
