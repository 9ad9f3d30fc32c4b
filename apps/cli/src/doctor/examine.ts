import { withProgress } from '../output/progress.ts';
import type { World } from '../world.ts';
import { type Check, declareCheck } from './check.ts';
import { judgeAgreement } from './judge-agreement.ts';
import { judgeIssuer } from './judge-issuer.ts';
import { judgeLog } from './judge-log.ts';
import { judgeReceiver } from './judge-receiver.ts';
import { judgeMemoryPlan, judgeRedis } from './judge-redis.ts';
import { judgeSidecar } from './judge-sidecar.ts';
import { type LookAtIssuer, lookAtIssuer } from './look-at-issuer.ts';
import { type LookAtLog, lookAtLog } from './look-at-log.ts';
import { type LookAtReceiver, lookAtReceiver } from './look-at-receiver.ts';
import { type LookAtSidecar, lookAtSidecar } from './look-at-sidecar.ts';

/** What to check. A part that is absent becomes one check with the status `unknown`. */
export interface Examination {
  readonly log?: LookAtLog;
  readonly sidecar?: LookAtSidecar;
  readonly issuer?: LookAtIssuer;
  /** Absent: there is nothing to check, because most installations have none. */
  readonly receiver?: LookAtReceiver | undefined;
  readonly maxStalenessMs: number;
  readonly maxTokenLifetimeMs: number;
  readonly plannedRules?: number;
}

/** Reads all parts at the same time, then judges them. @throws ConfigurationError, UsageError */
export async function examine(examination: Examination, world: World): Promise<Check[]> {
  const { log, sidecar, issuer, receiver, maxStalenessMs, maxTokenLifetimeMs, plannedRules } = examination;
  const look = async <T>(what: string, task: Promise<T> | undefined) => task && (await withProgress(world, what, task));
  const sidecarFeed = sidecar && { ...sidecar, url: sidecar.dataUrl, heartbeatWaitMs: 0, issuer: issuer?.issuer };
  const [logFacts, sidecarFacts, feedFacts, issuerFacts, receiverFacts] = await Promise.all([
    look('the log', log && lookAtLog({ ...log, issuer: issuer?.issuer }, world)),
    look('the sidecar', sidecar && lookAtSidecar(sidecar, world)),
    look('the snapshot of the sidecar', sidecarFeed && lookAtLog(sidecarFeed, world)),
    look('the issuer', issuer && lookAtIssuer(issuer, world)),
    look('the receiver', receiver && lookAtReceiver(receiver, world.clock.wallMs())),
  ]);
  const health = logFacts?.health;
  return [
    ...(issuerFacts === undefined ? [notChecked('issuer', '--issuer')] : judgeIssuer(issuerFacts)),
    ...(logFacts === undefined ? [notChecked('log', '--source')] : judgeLog(logFacts)),
    ...(health === undefined ? [] : judgeRedis(health)),
    ...(health === undefined || plannedRules === undefined ? [] : [judgeMemoryPlan(health, plannedRules)]),
    ...(sidecarFacts === undefined ? [notChecked('sidecar', '--sidecar')] : judgeSidecar(sidecarFacts, maxStalenessMs)),
    ...(receiverFacts === undefined ? [] : judgeReceiver(receiverFacts)),
    ...judgeAgreement({ maxTokenLifetimeMs, log: logFacts, sidecar: feedFacts, issuer: issuerFacts }),
  ];
}

function notChecked(what: string, option: string): Check {
  return declareCheck(`${what}.reachable`, 'an answer', `name it with ${option}`)('unknown', 'not checked');
}
