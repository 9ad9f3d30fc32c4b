import { ConfigurationError } from '@revocast/denylist/replica';
import { endStart } from '../bound-heap.ts';
import type { Config } from '../config/schema.ts';
import { startSidecar } from '../start-sidecar.ts';
import { openLog } from '../telemetry/log.ts';
import { codeOf } from '../telemetry/log-state-changes.ts';

/** Milliseconds until a sidecar with a small log has read it. */
const startMs = 3000;

/** Runs until a signal. The first signal stops all parts in order; a second one exits at once with 1. */
export async function run(config: Config): Promise<void> {
  const log = openLog({ level: config.logLevel });
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

  const sidecar = await startSidecar(config, { log }).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  });
  setTimeout(endStart, startMs).unref();
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    if (signals > 1) process.exit(1);
    void sidecar.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
