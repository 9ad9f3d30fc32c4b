import { connect } from 'node:net';

export interface PingTarget {
  host: string;
  port: number;
  /** Answers of another process do not count. */
  pid: number | undefined;
  password?: string;
}

/**
 * Whether a Redis answers PING with PONG and says that it is the process `pid`. Speaks the inline protocol over a plain
 * socket, so that no client library decides what "ready" means. Gives up after one second.
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
      else if (/^-/m.test(answer)) settle(false); // LOADING, NOAUTH, …: PING or INFO was refused
    });
    socket.write(`${password === undefined ? '' : `AUTH ${password}\r\n`}PING\r\nINFO server\r\n`);
  });
}
