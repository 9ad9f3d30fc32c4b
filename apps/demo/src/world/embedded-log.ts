import { type Supervised, supervise } from '@revocast/test-support/supervisor';
import { sidecarProcess } from './processes.ts';
import type { SidecarPorts, StartedLog } from './started-log.ts';

/** The log in the memory of the first replica's sidecar; the other sidecars relay from it. Needs no Redis. */
export async function startEmbeddedLog(ports: readonly SidecarPorts[], tokenFile: string): Promise<StartedLog> {
  const [own] = ports;
  if (own === undefined) throw new Error('an embedded log needs a sidecar to live in');
  const url = `http://127.0.0.1:${own.data}`;
  // Not restarted by its supervisor, so that a scene decides how long it is gone.
  const holder = { ...sidecarProcess(0, own, { source: 'memory:', 'token-file': tokenFile }), restart: false };
  let running: Supervised = await supervise(holder);
  return {
    source: {
      kind: 'embedded',
      description: 'The sidecar that holds the log in its memory',
      pid: () => running.pid,
      kill: () => running.kill('SIGKILL'),
      async restart() {
        running = await supervise(holder);
      },
    },
    sidecarOptions: () => ({ source: url, 'source-token-file': tokenFile }),
    heldBySidecarOf: 0,
    url,
    tokenFile,
    lookup: undefined,
    async stop() {
      await running.stop();
    },
  };
}
