// Prints the line that CI reads, alone and last: `N passed, N failed, N skipped`.
export default class ClosingLineReporter {
  #result;

  onRunComplete(_contexts, result) {
    this.#result = result;
    // A suite that could not even be loaded ran no test, and must not look like a green one.
    const broken = result.numRuntimeErrorTestSuites;
    const skipped = result.numPendingTests + result.numTodoTests;
    process.on('exit', () => {
      process.stdout.write(`\n${result.numPassedTests} passed, ${result.numFailedTests + broken} failed, ${skipped} skipped\n`);
    });
  }

  getLastError() {
    if (this.#result === undefined) return undefined;
    const skipped = this.#result.numPendingTests + this.#result.numTodoTests;
    return skipped > 0 ? new Error(`${skipped} tests were skipped: a skipped test proves nothing`) : undefined;
  }
}
