import { type Supervised, supervise } from '@revocast/test-support/supervisor';
import { sidecarProcess } from './processes.ts';
import type { SidecarPorts, StartedLog } from './started-log.ts';

/** Starts a log in the memory of the first sidecar, from which the other sidecars relay. Needs no Redis. */
export async function startEmbeddedLog(ports: readonly SidecarPorts[], tokenFile: string): Promise<StartedLog> {
  const [own] = ports;
  if (own === undefined) throw new Error('an embedded log needs at least one sidecar');
  const url = `http://127.0.0.1:${own.data}`;
  // Not restarted by its supervisor, because a scene controls the duration of its outage.
  const holder = { ...sidecarProcess(0, own, { source: 'memory:', 'relay-token-file': tokenFile }), restart: false };
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
