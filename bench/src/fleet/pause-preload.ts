// Loaded into the sidecar before its own program: it must be measured as it is shipped.
import { subscribe } from 'node:diagnostics_channel';
import { answerParent } from '../answer-parent.ts';
import { watchPauses } from '../pauses.ts';

const pauses = watchPauses();
let hasConnected = false;

// What comes before the first connection to the source is the time in which Node loads modules, and no request is served.
subscribe('net.client.socket', () => {
  if (!hasConnected) pauses.forget();
  hasConnected = true;
});

answerParent(() => {
  const longestMs = pauses.longestMs();
  pauses.forget();
  return { longestMs };
});
