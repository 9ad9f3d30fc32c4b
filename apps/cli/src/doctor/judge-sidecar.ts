import { isCertificateFailure } from '../questions/get-text.ts';
import { type Check, declareCheck } from './check.ts';
import { troubleOf } from './describe-replica.ts';
import type { Readiness, ReplicaFacts, SidecarFacts } from './look-at-sidecar.ts';

const reachable = declareCheck(
  'sidecar.reachable',
  'an answer on its data listener',
  'name it with --sidecar, or start one: npx @revocast/sidecar --source redis://…',
);
const admin = declareCheck(
  'sidecar.admin',
  'an answer on its admin listener',
  'name it with --sidecar-admin, or see adminListen in the configuration of the sidecar',
);
const ready = declareCheck('sidecar.ready', 'ready', 'see the causes in docs/sidecar.md');
const fresh = declareCheck(
  'sidecar.fresh',
  'a proof of completeness younger than maxStalenessMs',
  'check that the source runs, can be reached and accepts writes: no heartbeat arrives',
);
const readers = declareCheck(
  'sidecar.readers',
  'at least one process that follows it',
  'set the feed of the API processes to this sidecar: revocation.feed, or REVOCAST_FEED',
);
const lag = declareCheck(
  'sidecar.lag',
  'every process that follows it up to date and reporting',
  'look at these processes: is the event loop blocked, or the process paused or cut off? Their lag is on the console of the sidecar',
);
const certificateFix =
  'name the authority of the sidecar with ?ca=/path of its PEM file in --sidecar, and a client certificate with cert and key';
const capacity = declareCheck(
  'sidecar.capacity',
  'less than 80 % of maxRules held',
  'raise maxRules and the memory limit: at maxRules the sidecar is not fresh',
);
const highestShare = 0.8;

/** Whether API processes can rely on this sidecar. */
export function judgeSidecar(facts: SidecarFacts, maxStalenessMs: number): Check[] {
  const { dataFailure, adminFailure, readiness, figures } = facts;
  const dataAnswers = dataFailure === undefined;
  const adminAnswers = adminFailure === undefined;
  return [
    dataAnswers
      ? reachable('ok', 'reachable')
      : reachable('unreachable', dataFailure, isCertificateFailure(dataFailure) ? certificateFix : undefined),
    adminAnswers ? admin('ok', `version ${facts.version ?? 'unknown'}`) : admin('unreachable', adminFailure),
    ...(readiness === undefined ? [] : [judgeReadiness(readiness)]),
    ...(dataAnswers ? [judgeFreshness(facts, maxStalenessMs), ...judgeLag(facts.replicas)] : []),
    ...(adminAnswers ? [judgeReaders(figures), judgeCapacity(figures)] : []),
  ];
}

function judgeReadiness({ ok, check, cause, lastError, remedy, degraded }: Readiness): Check {
  const why = [cause, lastError].filter((part) => part !== undefined).join(', ');
  if (!ok) return ready('fail', `not ready: ${check}${why === '' ? '' : ` (${why})`}`, remedy);
  if (degraded !== true) return ready('ok', 'ready');
  return why === ''
    ? ready('warn', 'ready with a limitation', 'see `misconfigurations` in the answer of /readyz')
    : ready('warn', `ready but not fresh (${why})`, remedy);
}

function judgeFreshness({ freshAgeMs, readiness }: SidecarFacts, maxStalenessMs: number): Check {
  if (freshAgeMs === undefined) return fresh('fail', 'not fresh', readiness?.remedy);
  const status = freshAgeMs > maxStalenessMs ? 'fail' : 'ok';
  return fresh(status, `${Math.round(freshAgeMs)} ms old`, readiness?.remedy);
}

function judgeReaders(figures: SidecarFacts['figures']): Check {
  const count = figures.get('sidecar_clients');
  if (count === undefined) return readers('unknown', 'no metric');
  return count > 0 ? readers('ok', `${count}`) : readers('warn', 'none');
}

/** Processes that are named; the console has the others. */
const maxNamed = 5;

function judgeLag(replicas: readonly ReplicaFacts[] | undefined): Check[] {
  // A sidecar of the last release answers no such question.
  if (replicas === undefined) return [];
  const troubles = replicas.flatMap((replica) => troubleOf(replica) ?? []);
  if (troubles.length === 0) return [lag('ok', `${replicas.length} up to date`)];
  const more = troubles.length > maxNamed ? `; and ${troubles.length - maxNamed} more` : '';
  return [lag('warn', `${troubles.slice(0, maxNamed).join('; ')}${more}`)];
}

function judgeCapacity(figures: SidecarFacts['figures']): Check {
  const rules = figures.get('denylist_rules');
  const limit = figures.get('denylist_limit_rules');
  if (rules === undefined || !limit) return capacity('unknown', 'no metric');
  return capacity(rules >= highestShare * limit ? 'warn' : 'ok', `${rules} of ${limit} rules`);
}
