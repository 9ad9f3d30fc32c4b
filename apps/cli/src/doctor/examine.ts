import { withProgress } from '../progress.ts';
import type { World } from '../world.ts';
import { type Check, hidden } from './check.ts';
import { judgeAgreement } from './judge-agreement.ts';
import { judgeIssuer } from './judge-issuer.ts';
import { judgeLog } from './judge-log.ts';
import { judgeMemoryPlan, judgeRedis } from './judge-redis.ts';
import { judgeSidecar } from './judge-sidecar.ts';
import { type LookAtIssuer, lookAtIssuer } from './look-at-issuer.ts';
import { type LookAtLog, lookAtLog } from './look-at-log.ts';
import { type LookAtSidecar, lookAtSidecar } from './look-at-sidecar.ts';

/** What to look at. What is absent is not looked at, and one check says so. */
export interface Examination {
  readonly log?: LookAtLog;
  readonly sidecar?: LookAtSidecar;
  readonly issuer?: LookAtIssuer;
  readonly maxStalenessMs: number;
  readonly maxTokenLifetimeMs: number;
  readonly plannedRules?: number;
}

/** Looks at everything at once, then judges. @throws ConfigurationError, UsageError for what cannot be looked at. */
export async function examine(examination: Examination, world: World): Promise<Check[]> {
  const { log, sidecar, issuer, maxStalenessMs, maxTokenLifetimeMs, plannedRules } = examination;
  const look = <T>(what: string, task: Promise<T> | undefined) =>
    task === undefined ? Promise.resolve(undefined) : withProgress(world, what, task);
  const [logFacts, sidecarFacts, sidecarFeed, issuerFacts] = await Promise.all([
    look('the log', log && lookAtLog(log, world)),
    look('the sidecar', sidecar && lookAtSidecar(sidecar, world)),
    look('the snapshot of the sidecar', sidecar && lookAtLog(feedOf(sidecar), world)),
    look('the issuer', issuer && lookAtIssuer(issuer, world)),
  ]);
  const health = logFacts?.health;
  return [
    ...(issuerFacts === undefined ? [notAsked('issuer', '--issuer')] : judgeIssuer(issuerFacts)),
    ...(logFacts === undefined ? [notAsked('log', '--source')] : judgeLog(logFacts)),
    ...(health === undefined ? [] : judgeRedis(health)),
    ...(health === undefined || plannedRules === undefined ? [] : [judgeMemoryPlan(health, plannedRules)]),
    ...(sidecarFacts === undefined ? [notAsked('sidecar', '--sidecar')] : judgeSidecar(sidecarFacts, maxStalenessMs)),
    ...judgeAgreement({
      maxTokenLifetimeMs,
      log: logFacts,
      sidecar: sidecarFeed,
      issuer: issuerFacts,
    }),
  ];
}

function feedOf({ dataUrl, tokenFile }: LookAtSidecar): LookAtLog {
  return { url: dataUrl, heartbeatWaitMs: 0, tokenFile };
}

function notAsked(what: string, option: string): Check {
  const question = { name: `${what}.reachable`, expected: 'an answer', remedy: `name it with ${option}` };
  return hidden(question, 'not looked at');
}
