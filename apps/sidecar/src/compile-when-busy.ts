import { setFlagsFromString } from 'node:v8';
import { type Clock, pauseTogether } from '@revocast/denylist/replica';

/** Milliseconds between two readings of the processor time. */
const windowMs = 1000;
/**
 * Part of a processor above which a sidecar is busy. An idle one uses about 0.003, and with a million rules 0.007, which is less
 * with compilers: 0.005.
 */
const busyPart = 0.005;
/** So many busy windows in a row are load: a scrape, or a page of the console, is one. */
const busyWindows = 3;

export interface CompileWhenBusyOptions {
  readonly clock: Clock;
  /** Processor time of this process, in milliseconds. */
  readonly cpuMs: () => number;
  /** Turns the optimising compilers on or off. */
  readonly compile: (isOn: boolean) => void;
  /** Stops the readings. Default: they go on until the sidecar is busy. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Turns the optimising compilers off until the sidecar is busy, and then on for good. Without load they compile what runs twice a
 * second: that saves less time than it takes, and the compilers and their results stay in memory, about 7 MB.
 */
export async function compileWhenBusy({ clock, cpuMs, compile, signal }: CompileWhenBusyOptions): Promise<void> {
  compile(false);
  for (let busy = 0; busy < busyWindows; ) {
    const beforeMs = cpuMs();
    await pauseTogether(clock, windowMs, signal);
    if (signal?.aborted) return;
    busy = cpuMs() - beforeMs > windowMs * busyPart ? busy + 1 : 0;
  }
  compile(true);
}

const nodeLine = Number.parseInt(process.versions.node, 10);

/** Calls of a function after which V8 decides whether the compiler for busy functions takes it. */
const callsByDefault = 3000;
/** So many calls of a function may pass, after the compilers are on, until V8 decides about it. */
const callsWhileOff = 400;

/** Turns the optimising compilers of V8 on or off. What is compiled stays so. */
export function setCompilers(isOn: boolean): void {
  const prefix = isOn ? '--' : '--no-';
  setFlagsFromString(`${prefix}opt`);
  // Off by default before Node 22.
  if (nodeLine >= 22) setFlagsFromString(`${prefix}maglev`);
  // Before Node 24 there is no such option.
  if (nodeLine >= 24) {
    setFlagsFromString(`--invocation-count-for-turbofan=${isOn ? callsByDefault : callsWhileOff}`);
  }
}

/** Processor time of this process, all threads, in milliseconds. */
export function readCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
