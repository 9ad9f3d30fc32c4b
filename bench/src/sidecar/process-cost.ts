import { readFileSync } from 'node:fs';

/** What the kernel has counted for a process. */
export interface ProcessCost {
  /** Resident memory, with the pages of files that it shares with other processes. */
  readonly residentBytes: number;
  /** Processor time since its start, all threads, in a resolution of 10 ms. */
  readonly cpuMs: number;
}

/** The kernel counts processor time in ticks of this length on all supported architectures. */
const tickMs = 10;

/** Reads `/proc`, so that nothing is loaded into the measured process. Linux only. @throws when there is no such process. */
export function readProcessCost(pid: number): ProcessCost {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  // The name of the program in parentheses may contain spaces, so the fields are counted after it (proc_pid_stat(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return { residentBytes: Number(resident) * 1024, cpuMs: (user + system) * tickMs };
}
