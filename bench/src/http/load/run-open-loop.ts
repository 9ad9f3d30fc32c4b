import { systemClock as clock } from '@revocast/denylist/replica';
import { ascending, quantile } from '../../report/statistics.ts';
import { OpenLoop, type Sample } from './open-loop.ts';
import type { RawConnection } from './raw-connection.ts';
import { Schedule } from './schedule.ts';

export interface OpenLoad {
  readonly connections: readonly RawConnection[];
  readonly tokens: readonly string[];
  readonly perSecond: number;
  readonly amount: number;
  /** Accept answers with any status. Default: only 200. */
  readonly anyStatus?: boolean;
}

export interface OpenOutcome {
  readonly samples: readonly Sample[];
  /** p99 of the delay of the generator itself. Latencies below it are not valid. */
  readonly generatorLateP99Ms: number;
}

/**
 * Runs an open loop on real connections. It polls and never waits, because a timer has a resolution of a millisecond and
 * a request takes a tenth of that. So the generator needs its own core.
 *
 * @throws for an answer other than 200, unless `anyStatus` is set.
 */
export async function runOpenLoop(load: OpenLoad): Promise<OpenOutcome> {
  const { connections, tokens, perSecond, amount, anyStatus = false } = load;
  let next = 0;
  const loop = new OpenLoop<RawConnection>({
    schedule: new Schedule({ startMs: clock.monotonicMs(), perSecond, amount }),
    connections,
    send(connection) {
      connection.send(tokens[next % tokens.length] ?? '');
      next += 1;
    },
  });
  await new Promise<void>((resolve, reject) => {
    for (const connection of connections) {
      connection.onFailure = reject;
      connection.onAnswer = (status) => {
        if (status === 200 || anyStatus) loop.answered(connection, clock.monotonicMs());
        else reject(new Error(`expected 200, found ${status}`));
      };
    }
    const turn = () => {
      loop.turn(clock.monotonicMs());
      if (loop.isOver) resolve();
      else setImmediate(turn);
    };
    turn();
  });
  return { samples: loop.samples, generatorLateP99Ms: quantile(ascending(loop.noticedLateMs), 0.99) };
}
