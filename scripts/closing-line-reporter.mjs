// Prints the last line of the output, which CI reads: `N passed, N failed, N skipped`.
import { writeSync } from 'node:fs';
import { closingLine } from './closing-line.mjs';

export default class ClosingLineReporter {
  #isFiltered;
  #skipped = 0;

  constructor(globalConfig) {
    // With `-t name` every other test counts as pending, although it is not marked as skipped.
    this.#isFiltered = Boolean(globalConfig.testNamePattern);
  }

  onRunComplete(_contexts, result) {
    this.#skipped = result.numPendingTests + result.numTodoTests;
    // A suite that could not be loaded ran no test, and must count as failed.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    const line = closingLine({ passed: result.numPassedTests, failed, skipped: this.#skipped });
    // At exit, after the output of other reporters; synchronously, because nothing runs after `exit`.
    process.on('exit', () => writeSync(1, `\n${line}\n`));
  }

  /** jest calls this after `onRunComplete`, and fails the run if it returns an error. */
  getLastError() {
    if (this.#skipped === 0 || this.#isFiltered) return undefined;
    return new Error(`${this.#skipped} tests were skipped: a skipped test proves nothing`);
  }
}
