import { openSource } from '@revocast/denylist/replica';

/** Declares a new log complete, as `revocast-sidecar init` does. */
export async function declareWhole(url: string): Promise<void> {
  const source = await openSource(url);
  await source.declareWhole?.();
  await source.close();
}
