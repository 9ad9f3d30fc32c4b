import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Sends one inline command on a new connection and returns the raw reply, without a client library. For arguments
 * without blanks and replies that fit in one read.
 *
 * @throws Error with the text of an error reply, or without a reply within `timeoutMs` (default 2000).
 */
export async function askRedis(
  { host, port }: { host: string; port: number },
  command: string,
  timeoutMs = 2000,
): Promise<string> {
  const socket = connect(port, host);
  try {
    socket.write(`${command}\r\n`);
    const [bytes] = await once(socket, 'data', { signal: AbortSignal.timeout(timeoutMs) });
    const reply = String(bytes);
    if (reply.startsWith('-')) throw new Error(`${command}: ${reply.slice(1).trim()}`);
    return reply;
  } finally {
    socket.destroy();
  }
}
