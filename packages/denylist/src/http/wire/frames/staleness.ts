import { mostMaxStalenessMs } from '../../../replication/max-staleness.ts';
import { FrameError } from './frame.ts';
import type { FrameReader } from './frame-reader.ts';

/**
 * Reads a `maxStalenessMs`. It decides for how long publishers wait for a silent replica, so it has the bound of the option.
 *
 * @throws FrameError above it.
 */
export function readMaxStaleness(reader: FrameReader): number {
  const maxStalenessMs = reader.u32();
  if (maxStalenessMs <= mostMaxStalenessMs) return maxStalenessMs;
  throw new FrameError('malformed', `maxStalenessMs: expected at most ${mostMaxStalenessMs}, found ${maxStalenessMs}`);
}
