import { freePort, isPortFree } from '@revocast/test-support/free-port';

const maxAttempts = 3;

/**
 * Starts processes on free ports. Another process may take a port between its choice and its use; then everything is
 * started again on other ports.
 *
 * @param start gets its ports from `takePort`, and stops everything before it fails.
 * @throws the failure of `start`, when every port that it took is still free, or after three attempts.
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
      // The output of a process is only text. Whether a port is taken is certain, because nothing of ours runs now.
      const areFree = await Promise.all(ports.map(isPortFree));
      if (attempt === maxAttempts || areFree.every(Boolean)) throw error;
    }
  }
}
