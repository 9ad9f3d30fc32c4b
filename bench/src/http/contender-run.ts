import { startChild } from '../child.ts';
import { numberIn } from '../message.ts';
import type { Setting } from './contenders/contender.ts';
import { rateOf } from './load/closed-loop.ts';
import { tokensInTurn } from './token-supply.ts';

/** One contender in a child process. */
export interface ContenderServer {
  readonly port: number;
  /** CPU time of the process since its start, all threads, in microseconds. */
  cpuUs(): Promise<number>;
  end(): void;
}

export async function startContender(name: string, setting: Setting): Promise<ContenderServer> {
  const child = startChild(new URL('./contender-process.js', import.meta.url));
  try {
    const port = numberIn(await child.ask({ name, setting }), 'port');
    return { port, cpuUs: async () => numberIn(await child.ask('cpu'), 'cpuUs'), end: child.end };
  } catch (error) {
    child.end();
    throw error;
  }
}

export interface ContenderRun {
  readonly contender: string;
  readonly setting: Setting;
  /** Requests before the measurement, on as many connections, so that code is compiled and caches are full. */
  readonly warmUp: { readonly tokens: readonly string[]; readonly amount: number };
}

/** Calls `measure` with the port of one contender in a new process after the warm-up. */
export async function withContender<Result>(
  { contender, setting, warmUp }: ContenderRun,
  measure: (port: number) => Promise<Result>,
): Promise<Result> {
  const server = await startContender(contender, setting);
  try {
    await rateOf(server.port, tokensInTurn(warmUp.tokens, warmUp.amount));
    return await measure(server.port);
  } finally {
    server.end();
  }
}
