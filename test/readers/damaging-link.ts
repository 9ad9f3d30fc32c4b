import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A link to one port of this host that damages bytes and breaks connections on command. */
export interface DamagingLink {
  readonly url: string;
  /** Flips one bit in the last byte of the next piece that arrives from the target. */
  damageNext(): void;
  /** Resets every connection. */
  breakAll(): void;
  close(): Promise<void>;
}

export async function startDamagingLink(port: number): Promise<DamagingLink> {
  const sockets = new Set<Socket>();
  let isDamaging = false;
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (data) => target.write(data));
    target.on('data', (data: Buffer) => {
      // A ping carries nothing that could be damaged.
      if (isDamaging && data.byteLength > 16) {
        isDamaging = false;
        data.writeUInt8(data.readUInt8(data.byteLength - 1) ^ 1, data.byteLength - 1);
      }
      client.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    damageNext() {
      isDamaging = true;
    },
    breakAll,
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
