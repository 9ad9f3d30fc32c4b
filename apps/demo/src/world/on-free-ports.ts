import { freePort, isPortFree } from '@revocast/test-support/free-port';

const maxAttempts = 3;

/**
 * Starts processes on free ports. If another process takes one of the ports before its use, all are started again on
 * other ports.
 *
 * @param start takes its ports from `takePort`, and stops all its processes before it rejects.
 * @throws the error of `start` when all its ports are still free, or after three attempts.
 */
export async function onFreePorts<Result>(
  start: (takePort: () => Promise<number>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    const ports: number[] = [];
    const takePort = async (): Promise<number> => {
      const port = await freePort();
      ports.push(port);
      return port;
    };
    try {
      return await start(takePort);
    } catch (error) {
      // Checks the ports and not the error text. `start` has stopped its processes, so a taken port is in foreign use.
      const areFree = await Promise.all(ports.map(isPortFree));
      if (attempt === maxAttempts || areFree.every(Boolean)) throw error;
    }
  }
}
