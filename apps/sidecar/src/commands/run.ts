import { systemClock as clock } from '@revocast/denylist/replica';
import { endStart } from '../bound-heap.ts';
import { compileWhenBusy, readCpuMs, setCompilers } from '../compile-when-busy.ts';
import type { Config } from '../config/schema.ts';
import { startSidecar } from '../start-sidecar.ts';
import { openLog } from '../telemetry/log.ts';
import { runUntilSignal } from './run-until-signal.ts';

/** Milliseconds until a sidecar with a small log has read it. */
const startMs = 3000;

/** Runs until a signal. The first signal stops all parts in order; a second one exits at once with 1. */
export async function run(config: Config): Promise<void> {
  const log = openLog({ level: config.logLevel });
  await runUntilSignal(() => startSidecar(config, { log }), log);
  await clock.sleep(startMs);
  endStart();
  await compileWhenBusy({ clock, cpuMs: readCpuMs, compile: setCompilers });
}
