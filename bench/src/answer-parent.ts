// Beside `child.ts`, and without what only a parent needs: that would add 25 MB to a process whose memory is measured.

/** The other end: does what is asked, one thing after the other, and says what came of it. */
export function answerParent(answer: (message: unknown) => Promise<object> | object): void {
  process.on('message', (message) => {
    void (async () => answer(message))().then(
      (said) => process.send?.(said),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? error.stack : 'unknown failure' }),
    );
  });
}
