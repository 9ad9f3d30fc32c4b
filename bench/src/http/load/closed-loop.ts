import type { NextToken } from '../token-supply.ts';
import { openConnections, type RawConnection } from './raw-connection.ts';

export const connections = 32;

export interface ClosedOutcome {
  readonly answers: number;
  readonly seconds: number;
}

/**
 * Each connection sends its next request after the answer to the last one. Measures the capacity of a server, and not
 * its latency, because a slow server receives fewer requests.
 *
 * @throws for an answer other than 200.
 */
export async function runClosedLoop(opened: readonly RawConnection[], nextToken: NextToken): Promise<ClosedOutcome> {
  const startedAt = performance.now();
  const answers = await Promise.all(opened.map((connection) => keepBusy(connection, nextToken)));
  const seconds = (performance.now() - startedAt) / 1000;
  return { answers: answers.reduce((sum, count) => sum + count, 0), seconds };
}

/** Runs a closed loop on new connections. @returns requests a second. */
export async function rateOf(port: number, nextToken: NextToken): Promise<number> {
  const opened = await openConnections(port, connections);
  try {
    const { answers, seconds } = await runClosedLoop(opened, nextToken);
    return answers / seconds;
  } finally {
    for (const connection of opened) connection.close();
  }
}

function keepBusy(connection: RawConnection, nextToken: NextToken): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    const send = () => {
      const token = nextToken();
      if (token === undefined) resolve(answers);
      else connection.send(token);
    };
    connection.onFailure = reject;
    connection.onAnswer = (status) => {
      answers += 1;
      if (status === 200) send();
      else reject(new Error(`expected 200, found ${status}`));
    };
    send();
  });
}
