import { ConfigurationError } from '@revocast/denylist/replica';
import type { Logger } from 'pino';
import { codeOf } from '../telemetry/log-state-changes.ts';

/**
 * Runs a program until a signal. The first signal stops it; a second one exits at once with 1. A start that fails because of
 * an option exits with 2.
 */
export async function runUntilSignal(start: () => Promise<{ stop(): Promise<void> }>, log: Logger): Promise<void> {
  // The message is not logged: it may contain a URL or a reply. The stack frames locate the fault.
  const die = (error: unknown) => {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    log.fatal(
      {
        code: codeOf(error),
        at: stack
          .match(/^\s+at .*$/gm)
          ?.slice(0, 5)
          .map((frame) => frame.trim()),
      },
      'bug',
    );
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);

  const running = await start().catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  });
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    if (signals > 1) process.exit(1);
    void running.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
