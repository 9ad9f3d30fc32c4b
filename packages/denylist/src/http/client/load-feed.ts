import { afterTurn } from '../../system-clock.ts';

/** What the modules below load of Node, those first that others load. */
const builtIn = ['node:net', 'node:http', 'node:tls', 'node:https', 'node:zlib'] as const;

/**
 * Loads what follows a sidecar, in several turns of the event loop: together they would be the longest pause of a process
 * that serves requests already.
 */
export async function loadHttpFeed() {
  for (const name of builtIn) {
    process.getBuiltinModule(name);
    await turn();
  }
  await import('./node-http.ts');
  await turn();
  await import('ws');
  await turn();
  await import('./stream-socket.ts');
  await turn();
  const { createHttpFeed } = await import('./feed.ts');
  await turn();
  return createHttpFeed;
}

function turn(): Promise<void> {
  return new Promise(afterTurn);
}
