import { connect, type Socket } from 'node:net';
import { type ByteWatch, type Conditions, type Direction, TcpPipe } from './tcp-pipe.ts';

export interface Target {
  host: string;
  port: number;
}

/** What the connections of one proxy share. */
export interface Surroundings {
  conditions: Readonly<Conditions>;
  watches: ReadonlySet<ByteWatch>;
  received(direction: Direction, bytes: number): void;
}

/** One proxied connection. */
export interface Link {
  /** To be called when the conditions have changed. */
  update(): void;
  halfClose(direction: Direction): void;
  reset(): void;
}

/** Connects to the target and lays a pipe each way. */
export function joinTarget(client: Socket, target: Target, surroundings: Surroundings): Link {
  const { conditions, watches, received } = surroundings;
  const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
  const sockets = [client, upstream];
  const pipe = (from: Socket, to: Socket, direction: Direction): TcpPipe =>
    new TcpPipe(from, to, { conditions, watches, direction, received: (bytes) => received(direction, bytes) });
  const pipes = { up: pipe(client, upstream, 'up'), down: pipe(upstream, client, 'down') };

  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  for (const socket of sockets) {
    // What breaks on one side breaks on the other, unless nothing gets through.
    socket.on('error', () => {
      if (!conditions.blackholed) reset();
    });
  }
  return {
    update() {
      const torn = pipes.up.lossy || pipes.down.lossy || sockets.some((socket) => socket.destroyed);
      if (torn && !conditions.blackholed) return reset();
      pipes.up.update();
      pipes.down.update();
    },
    halfClose: (direction) => pipes[direction].finish(),
    reset,
  };
}

/** Accepts and never answers; the target hears nothing of it. Reset when the black hole ends. */
export function swallow(client: Socket, { conditions, received }: Surroundings): Link {
  client.on('error', () => undefined);
  client.on('data', (bytes) => received('up', bytes.length));
  return {
    update() {
      if (!conditions.blackholed) client.resetAndDestroy();
    },
    halfClose: () => undefined,
    reset: () => void client.resetAndDestroy(),
  };
}
