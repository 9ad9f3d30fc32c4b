import { get } from 'node:http';
import { until } from '@revocast/test-support';

/** Waits until `/readyz` of a sidecar answers 200. @throws Error after 20 s. */
export async function awaitReady(adminPort: number): Promise<void> {
  await until(() => isReady(adminPort), { what: 'a sidecar to be ready', timeoutMs: 20_000, everyMs: 5 });
}

/** Whether `/readyz` answers 200. */
export function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    // No process listens yet.
    sent.once('error', () => resolve(false));
  });
}

/** What `/readyz` of a running sidecar answers. */
export async function readReady(port: number): Promise<{ readonly restartedAt?: string }> {
  const body: unknown = await (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
  const restartedAt = typeof body === 'object' && body !== null && 'restartedAt' in body ? body.restartedAt : undefined;
  return { restartedAt: typeof restartedAt === 'string' ? restartedAt : undefined };
}
