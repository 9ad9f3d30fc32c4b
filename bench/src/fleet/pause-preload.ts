// Loaded into the sidecar with --import, so that the measured program is the shipped one.
import { subscribe } from 'node:diagnostics_channel';
import { answerParent } from '../answer-parent.ts';
import { watchPauses } from '../pauses.ts';

const pauses = watchPauses();
let hasConnected = false;

// Before the first connection to the source Node loads modules, and the sidecar serves no request.
subscribe('net.client.socket', () => {
  if (!hasConnected) pauses.forget();
  hasConnected = true;
});

answerParent(() => {
  const longestMs = pauses.longestMs();
  pauses.forget();
  return { longestMs };
});
