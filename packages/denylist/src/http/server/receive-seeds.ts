import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeSeeds } from '../../codec/seeds.ts';
import type { LostRule, RevocationLog } from '../../log/revocation-log.ts';
import { sameDigest } from '../../rules/digest.ts';
import { restartDigest } from '../../rules/log-restart.ts';
import { maxCutoffAheadSeconds, stampCeiling } from '../../rules/rule.ts';
import { answer, answerFailure, readBody } from './answer.ts';

/** 500 rules of 90 bytes. */
const maxBodyBytes = 64 * 1024;

export interface SeedReceiver {
  readonly log: Pick<RevocationLog, 'restore'>;
  /** Milliseconds of the log's clock; undefined while it is unknown. */
  readonly logNowMs: () => number | undefined;
}

/**
 * `POST /v1/seeds`: a relay re-seeds what the log has lost. A row that is refused does not stop those behind it.
 *
 * Answers `{ restored, refused }`.
 */
export async function receiveSeeds(
  request: IncomingMessage,
  response: ServerResponse,
  { log, logNowMs }: SeedReceiver,
) {
  try {
    const body = await readBody(request, maxBodyBytes);
    const seeds = body === undefined ? 'the body is too large' : decodeSeeds(body);
    if (typeof seeds === 'string') {
      answer(response, 400, { error: 'malformed_request', message: seeds });
      return;
    }
    const nowMs = logNowMs();
    if (nowMs === undefined) {
      answer(response, 503, { error: 'not_ready', message: "the log's clock is not known yet: try again" });
      return;
    }
    const permitted = seeds.filter((seed) => isPossible(seed, nowMs / 1000));
    const { restored, refused } = await log.restore(permitted);
    answer(response, 200, { restored, refused: refused + seeds.length - permitted.length });
  } catch (error) {
    answerFailure(response, error);
  }
}

/**
 * Whether a log can have held this rule. A cutoff or a lift far ahead would deny, or accept, for ever. The restart of the
 * log is judged by the sidecars that follow the log itself.
 */
function isPossible({ digest, rule }: LostRule, nowSeconds: number): boolean {
  const { issuedUpTo, denialStamp, liftedUpTo } = rule;
  const latest = nowSeconds + maxCutoffAheadSeconds;
  const isLiftSeen = liftedUpTo <= denialStamp || liftedUpTo <= latest;
  const isBelowCeiling = denialStamp < stampCeiling && liftedUpTo < stampCeiling;
  return issuedUpTo <= latest && isLiftSeen && isBelowCeiling && !sameDigest(digest, restartDigest);
}
