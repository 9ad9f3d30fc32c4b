import { afterTurn } from '../../system-clock.ts';

/**
 * Loads what follows a sidecar, in two turns of the event loop: together they would be the longest pause of a process that
 * serves requests already.
 */
export async function loadHttpFeed() {
  await import('ws');
  await new Promise<void>(afterTurn);
  return (await import('./feed.ts')).createHttpFeed;
}
