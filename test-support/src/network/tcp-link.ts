import { connect, type Socket } from 'node:net';
import { type ByteWatch, type Conditions, type Direction, TcpPipe } from './tcp-pipe.ts';

export interface Target {
  host: string;
  port: number;
}

/** The state that the connections of one proxy share. */
export interface SharedState {
  conditions: Readonly<Conditions>;
  watches: ReadonlySet<ByteWatch>;
  received(direction: Direction, bytes: number): void;
}

/** One proxied connection. */
export interface Link {
  /** Must be called after a change of the conditions. */
  update(): void;
  halfClose(direction: Direction): void;
  reset(): void;
}

/** Connects to the target and creates a pipe in each direction. */
export function joinTarget(client: Socket, target: Target, shared: SharedState): Link {
  const { conditions, watches, received } = shared;
  const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
  const sockets = [client, upstream];
  const pipe = (from: Socket, to: Socket, direction: Direction): TcpPipe =>
    new TcpPipe(from, to, { conditions, watches, direction, received: (bytes) => received(direction, bytes) });
  const pipes = { up: pipe(client, upstream, 'up'), down: pipe(upstream, client, 'down') };

  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  for (const socket of sockets) {
    // An error on one side resets the other side, except in a black hole.
    socket.on('error', () => {
      if (conditions.blackholed === undefined) reset();
    });
  }
  return {
    update() {
      const torn = pipes.up.lossy || pipes.down.lossy || sockets.some((socket) => socket.destroyed);
      if (torn && conditions.blackholed === undefined) return reset();
      pipes.up.update();
      pipes.down.update();
    },
    halfClose: (direction) => pipes[direction].finish(),
    reset,
  };
}

/** Discards all bytes of the client, and does not connect to the target. Resets the client when the black hole ends. */
export function discardAll(client: Socket, { conditions, received }: SharedState): Link {
  client.on('error', () => undefined);
  client.on('data', (bytes) => received('up', bytes.length));
  return {
    update() {
      if (conditions.blackholed === undefined) client.resetAndDestroy();
    },
    halfClose: () => undefined,
    reset: () => void client.resetAndDestroy(),
  };
}
