// Sends bursts from a child process: a thousand writes in this one would delay the watched requests.
import { answerParent } from '../../answer-parent.ts';
import { sendBurst } from './burst.ts';
import { openConnections, type RawConnection } from './raw-connection.ts';

let connections: readonly RawConnection[] = [];

answerParent(async (order) => {
  const { port, count, tokens } = order as { port?: number; count?: number; tokens?: string[] }; // sent by flooder.ts only
  if (tokens !== undefined) return await sendBurst(connections, tokens);
  connections = await openConnections(Number(port), Number(count));
  return {};
});
