/** On SIGTERM or SIGINT, calls `close` and ends the process. A second signal ends it immediately. */
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
