import { numberIn, startChild } from '../child.ts';
import { runClosedLoop } from './closed-loop.ts';
import type { Setting } from './contenders/contender.ts';

export interface ContenderRun {
  readonly contender: string;
  readonly setting: Setting;
  /** Sent before any clock starts, on as many connections: compilers and caches have then done their work. */
  readonly warmUp: { readonly tokens: readonly string[]; readonly amount: number };
}

export const connections = 32;

/** Calls `measure` with the port of one contender in a fresh, warm process. */
export async function withContender<Result>(
  { contender, setting, warmUp }: ContenderRun,
  measure: (port: number) => Promise<Result>,
): Promise<Result> {
  const child = startChild(new URL('./contender-process.js', import.meta.url));
  try {
    const port = numberIn(await child.ask({ name: contender, setting }), 'port');
    await runClosedLoop({ port, connections, ...warmUp });
    return await measure(port);
  } finally {
    child.end();
  }
}
