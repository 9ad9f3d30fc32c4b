import { connect } from 'node:net';

/** The version of the protocol, 3.0. */
const protocol = 196_608;

/** Whether a PostgreSQL accepts a session of this user. Without a client library; times out after one second. */
export function acceptsSessions({ host, port, user }: { host: string; port: number; user: string }): Promise<boolean> {
  const parameters = Buffer.from(`user\0${user}\0database\0postgres\0\0`, 'latin1');
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(protocol, 4);
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (accepts: boolean): void => {
      resolve(accepts);
      socket.destroy();
    };
    socket.setTimeout(1000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    // `R` is a message about authentication. While it starts, the server answers with an error: `E`.
    socket.once('data', (bytes) => settle(bytes[0] === 0x52));
    socket.write(Buffer.concat([head, parameters]));
  });
}
