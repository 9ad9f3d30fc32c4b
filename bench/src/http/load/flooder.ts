import { startChild } from '../../child.ts';
import { numberIn, readMessage } from '../../message.ts';
import type { Burst } from './burst.ts';

export interface Flooder {
  /** Sends one request on each connection, all at the same time. */
  burst(tokens: readonly string[]): Promise<Burst>;
  end(): void;
}

export async function startFlooder(port: number, count: number): Promise<Flooder> {
  const child = startChild(new URL('./burst-process.js', import.meta.url));
  await child.ask({ port, count });
  return {
    async burst(tokens) {
      const answer = await child.ask({ tokens });
      const statuses = Object.fromEntries(
        Object.entries(readMessage(answer['statuses'])).map(([status, count]) => [status, Number(count)]),
      );
      return { fromMs: numberIn(answer, 'fromMs'), toMs: numberIn(answer, 'toMs'), statuses };
    },
    end: child.end,
  };
}
