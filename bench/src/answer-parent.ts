// Not part of `child.ts`: its imports would add 25 MB to a process whose memory is measured.

/** The counterpart of `child.ts` in the child process: answers each message, with `failed` if `answer` throws. */
export function answerParent(answer: (message: unknown) => Promise<object> | object): void {
  process.on('message', (message) => {
    void (async () => answer(message))().then(
      (reply) => process.send?.(reply),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? error.stack : 'unknown failure' }),
    );
  });
}
