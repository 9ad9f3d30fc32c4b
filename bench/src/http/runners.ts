import { startContender } from './contender-run.ts';
import type { Contender, Setting } from './contenders/contender.ts';
import { type ClosedOutcome, connections, runClosedLoop } from './load/closed-loop.ts';
import { openConnections } from './load/raw-connection.ts';
import type { NextToken } from './token-supply.ts';

/** A running contender with open connections. */
export interface Runner {
  readonly name: string;
  /** CPU time of its process since the start, all threads, in microseconds. */
  cpuUs(): Promise<number>;
  /** @throws Error with the name of the contender for an answer other than 200. */
  load(nextToken: NextToken): Promise<ClosedOutcome>;
}

export interface RunnerOptions {
  readonly contenders: readonly Contender[];
  readonly setting: Setting;
  /** Tokens of the requests to each contender before `use`. */
  readonly warmUp: () => NextToken;
}

/** Several contenders start together, because one at a time would leave a core idle. */
const startedAtOnce = 3;

/** Starts each contender in a child process, warms it up, and ends all after `use`. */
export async function withRunners<Result>(
  { contenders, setting, warmUp }: RunnerOptions,
  use: (runners: readonly Runner[]) => Promise<Result>,
): Promise<Result> {
  const ends: (() => void)[] = [];
  const start = async ({ name }: Contender): Promise<Runner> => {
    const { port, cpuUs, end } = await startContender(name, setting);
    ends.push(end);
    const opened = await openConnections(port, connections);
    ends.push(...opened.map((connection) => () => connection.close()));
    const load = async (nextToken: NextToken) => {
      try {
        return await runClosedLoop(opened, nextToken);
      } catch (error) {
        throw new Error(`${name} failed under load`, { cause: error });
      }
    };
    await load(warmUp());
    return { name, cpuUs, load };
  };
  try {
    const runners: Runner[] = [];
    for (let first = 0; first < contenders.length; first += startedAtOnce) {
      runners.push(...(await Promise.all(contenders.slice(first, first + startedAtOnce).map(start))));
    }
    return await use(runners);
  } finally {
    // Connections are closed before their servers, because a connection closed by a server counts as a failure.
    for (const end of ends.toReversed()) end();
  }
}
