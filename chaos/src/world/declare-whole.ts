import { openSource } from '@revocast/denylist/replica';

/** As `revocast-sidecar init` does: an operator says that nothing was ever revoked here. */
export async function declareWhole(url: string): Promise<void> {
  const source = await openSource(url);
  await source.declareWhole?.();
  await source.close();
}
