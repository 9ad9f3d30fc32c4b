import { ConfigurationError, LogError } from '@revocast/denylist';
import { errorCodeOf } from '@revocast/denylist/replica';

/** What became of an effect that the log did not simply take. */
export type WriteFailure =
  /** It is in force on fewer copies than required: a failover can lose it. */
  | { readonly result: 'not_durable' }
  /** An event without a time of its own was delivered before; what follows from that delivery is in force. */
  | { readonly result: 'id_conflict' }
  /** The log will never take it. */
  | { readonly result: 'rejected'; readonly code: string }
  /** `isOwn`: the success of another effect says nothing about it. */
  | { readonly result: 'unavailable'; readonly code: string; readonly retryAfterMs: number; readonly isOwn: boolean };

const broadWindowMs = 60_000;
const outageMs = 1000;

/** @param isCutoff a cutoff is refused only because a clock is wrong, which will be corrected. */
export function afterFailure(error: unknown, isCutoff: boolean): WriteFailure {
  if (error instanceof ConfigurationError) return { result: 'rejected', code: 'invalid' };
  if (!(error instanceof LogError)) {
    return { result: 'unavailable', code: errorCodeOf(error) ?? 'unexpected', retryAfterMs: outageMs, isOwn: false };
  }
  const { code } = error;
  switch (code) {
    // In force: a refusal here would make the sender repeat it for ever.
    case 'not_durable':
    // The id is derived from the event, its time and the value.
    case 'id_conflict':
      return { result: code };
    case 'too_many_broad_rules':
      return { result: 'unavailable', code, retryAfterMs: broadWindowMs, isOwn: true };
    case 'refused':
      return isCutoff
        ? { result: 'unavailable', code: 'clock_disagreement', retryAfterMs: outageMs, isOwn: true }
        : { result: 'rejected', code };
    default:
      return { result: 'unavailable', code, retryAfterMs: outageMs, isOwn: code === 'clock_disagreement' };
  }
}
