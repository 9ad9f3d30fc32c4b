import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Sends one inline command on a connection of its own and gives the reply as it came over the wire. For small replies
 * without blanks in an argument; no client library decides what a server said.
 *
 * @throws Error with the text of an error reply, or when nothing answers within `timeoutMs` (2000).
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
