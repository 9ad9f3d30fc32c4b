import { connect } from 'node:net';

export interface PingTarget {
  host: string;
  port: number;
  /** Expected process id. */
  pid: number | undefined;
  password?: string;
}

/**
 * Whether a Redis answers PING with PONG and reports the process id `pid`, unless it hides INFO. Uses the inline protocol on a plain socket,
 * without a client library. Times out after one second.
 */
export function isServing({ host, port, pid, password }: PingTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let answer = '';
    const settle = (serving: boolean): void => {
      resolve(serving);
      socket.destroy();
    };
    socket.setTimeout(1000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
      const process = /^process_id:(\d+)\r$/m.exec(answer)?.[1];
      if (process !== undefined) settle(/^\+PONG\r$/m.test(answer) && Number(process) === pid);
      // A server that hides INFO cannot be identified.
      else if (/^-ERR unknown command 'INFO'/im.test(answer)) settle(/^\+PONG\r$/m.test(answer));
      else if (/^-/m.test(answer)) settle(false); // an error such as LOADING or NOAUTH
    });
    socket.write(`${password === undefined ? '' : `AUTH ${password}\r\n`}PING\r\nINFO server\r\n`);
  });
}
