import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const require = createRequire(import.meta.url);
const jest = join(dirname(require.resolve('jest/package.json')), 'bin', 'jest.js');
const reporter = fileURLToPath(new URL('../scripts/closing-line-reporter.mjs', import.meta.url));
const { closingLineOf } = await import(new URL('../scripts/closing-line.mjs', import.meta.url).href);

let folder: string;

beforeEach(() => {
  // jest compares real paths, and the temporary folder of macOS is a link.
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'closing-line-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function run(suites: Record<string, string>, ...args: string[]): { code: number | null; lastLine: string | undefined } {
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(
    join(folder, 'jest.config.json'),
    JSON.stringify({ reporters: ['default', reporter], transform: {}, testEnvironment: 'node' }),
  );
  for (const [name, content] of Object.entries(suites)) writeFileSync(join(folder, `${name}.test.js`), content);
  // Both streams into one file, as in CI: jest talks on stderr, and the line must come after all of it.
  const log = openSync(join(folder, 'log'), 'a');
  const { status } = spawnSync(process.execPath, [jest, '--no-cache', ...args], {
    cwd: folder,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return { code: status, lastLine: readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n').at(-1) };
}

const green = "it('holds', () => {});";

describe('the closing line', () => {
  it('counts what passed, and the run succeeds', () => {
    expect(run({ a: green, b: green })).toEqual({ code: 0, lastLine: '2 passed, 0 failed, 0 skipped' });
  });

  it('counts what failed, and the run fails', () => {
    const red = "it('breaks', () => { throw new Error('x'); });";
    expect(run({ a: green, b: red })).toEqual({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });

  it('counts a suite that cannot be loaded as a failure', () => {
    const broken = "require('./not-there.js');";
    expect(run({ a: green, b: broken })).toEqual({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });

  it.each([
    ['skipped', "it.skip('rests', () => {});"],
    ['planned', "it.todo('comes later');"],
    ['left out by another that is focused', "it.only('runs', () => {}); it('rests', () => {});"],
  ])('fails the run for a test that is %s', (_how, suite) => {
    const { code, lastLine } = run({ a: suite });
    expect(code).toBe(1);
    expect(lastLine).toMatch(/^\d passed, 0 failed, 1 skipped$/);
  });

  it('allows a person to run one test by its name', () => {
    const suite = "it('runs', () => {}); it('rests', () => {});";
    expect(run({ a: suite }, '-t', 'runs')).toEqual({ code: 0, lastLine: '1 passed, 0 failed, 1 skipped' });
  });
});

describe('the closing line of several runs', () => {
  const run = (output: string, status = 0) => ({ output, status });

  it.each([
    [
      'adds up the runs',
      [run('x\n2 passed, 0 failed, 0 skipped\n'), run('3 passed, 1 failed, 1 skipped\n', 1)],
      '5 passed, 1 failed, 1 skipped',
    ],
    [
      'counts a run without a closing line as failed',
      [run('2 passed, 0 failed, 0 skipped\nKilled\n', 137)],
      '0 passed, 1 failed, 0 skipped',
    ],
    [
      'counts a run as failed that fails and names no test',
      [run('2 passed, 0 failed, 0 skipped\n', 1)],
      '2 passed, 1 failed, 0 skipped',
    ],
  ])('%s', (_, runs, expected) => {
    expect(closingLineOf(runs)).toBe(expected);
  });
});
