import { openConnections, type RawConnection } from './raw-connection.ts';

export interface ClosedLoad {
  readonly port: number;
  readonly tokens: readonly string[];
  /** Requests in all. */
  readonly amount: number;
  readonly connections: number;
}

/**
 * Each connection sends its next request when the last is answered: finds how much a server can do, and says nothing
 * of latency, because a slow server is asked less.
 *
 * @returns requests a second. @throws when anything but 200 comes.
 */
export async function runClosedLoop({ port, tokens, amount, connections }: ClosedLoad): Promise<number> {
  let sent = 0;
  const nextToken = () => {
    if (sent >= amount) return undefined;
    sent += 1;
    return tokens[(sent - 1) % tokens.length];
  };
  const opened = await openConnections(port, connections);
  try {
    const startedAt = performance.now();
    await Promise.all(opened.map((connection) => keepBusy(connection, nextToken)));
    return amount / ((performance.now() - startedAt) / 1000);
  } finally {
    for (const connection of opened) connection.close();
  }
}

function keepBusy(connection: RawConnection, nextToken: () => string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = () => {
      const token = nextToken();
      if (token === undefined) resolve();
      else connection.send(token);
    };
    connection.onFailure = reject;
    connection.onAnswer = (status) => {
      if (status === 200) send();
      else reject(new Error(`expected 200, found ${status}`));
    };
    send();
  });
}
