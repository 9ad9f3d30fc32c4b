// Prints the line that CI reads, alone and last: `N passed, N failed, N skipped`.
import { writeSync } from 'node:fs';

export default class ClosingLineReporter {
  #isFiltered;
  #skipped = 0;

  constructor(globalConfig) {
    // With `-t name` every other test counts as pending: that is a person looking, not a test that was put aside.
    this.#isFiltered = Boolean(globalConfig.testNamePattern);
  }

  onRunComplete(_contexts, result) {
    this.#skipped = result.numPendingTests + result.numTodoTests;
    // A suite that could not even be loaded ran no test, and must not look like a green one.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    const line = `\n${result.numPassedTests} passed, ${failed} failed, ${this.#skipped} skipped\n`;
    // At exit, after whatever other reporters still print; synchronously, because nothing else runs after it.
    process.on('exit', () => writeSync(1, line));
  }

  /** jest asks after `onRunComplete`, and fails the run for an error. */
  getLastError() {
    if (this.#skipped === 0 || this.#isFiltered) return undefined;
    return new Error(`${this.#skipped} tests were skipped: a skipped test proves nothing`);
  }
}
