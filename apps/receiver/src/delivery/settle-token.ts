import type { RunningSource } from '../running-sources.ts';
import { readLogoutToken } from '../signals/index.ts';
import type { Settled, Unverified } from '../spool/quarantine.ts';
import { type ReceivePorts, receive } from './receive.ts';

/** An issuer has published a new key by then; caches before its key set have expired. */
const unknownKeyMs = 10 * 60_000;
/** As long as the log knows an id. */
const longestMs = 24 * 3_600_000;

type SettlePorts = Omit<ReceivePorts, 'quarantine'>;

/**
 * Verifies a token of the quarantine and passes it on.
 *
 * @returns `unknown_key` for a token whose key a fresh key set does not have. A token whose key is still not known is kept for ten minutes while the key set can be fetched,
 *          and for a day while it cannot: senders without a credential must not fill the quarantine for ever.
 */
export async function settleToken(
  { source: name, token, receivedAtMs }: Unverified,
  sources: ReadonlyMap<string, Pick<RunningSource, 'source' | 'context'>>,
  ports: SettlePorts,
): Promise<Settled> {
  const running = sources.get(name);
  // The configuration has no such source any longer.
  if (running === undefined) return 'settled';
  const reading = await readLogoutToken(Buffer.from(token), running.context(receivedAtMs));
  if (reading.outcome === 'unavailable') {
    const ageMs = ports.nowMs() - receivedAtMs;
    if (reading.status === 429 && ageMs > unknownKeyMs) {
      ports.counter.refused(name, 'unusable_key');
      return 'settled';
    }
    if (ageMs <= longestMs) return reading.isKidUnknown ? 'unknown_key' : 'waits';
    ports.counter.unverified(name, reading.why);
    return 'settled';
  }
  const { outcome } = await receive(running.source, reading, ports);
  return outcome === 'unavailable' ? 'waits' : 'settled';
}
