/** Closes in order when asked to stop, and ends the process; a second signal ends it at once. */
export function stopOnSignal(close: () => Promise<unknown>): void {
  const stop = (): void => {
    process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}
