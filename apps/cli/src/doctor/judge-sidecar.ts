import { type Check, hidden, ill, type Question, silent, well } from './check.ts';
import type { Readiness, SidecarFacts } from './look-at-sidecar.ts';

const reachable: Question = {
  name: 'sidecar.reachable',
  expected: 'an answer on its data listener',
  remedy: 'start one, or name it with --sidecar: npx @revocast/sidecar --source redis://…',
};
const admin: Question = {
  name: 'sidecar.admin',
  expected: 'an answer on its admin listener',
  remedy: 'name it with --sidecar-admin, or see adminListen in the configuration of the sidecar',
};
const ready: Question = {
  name: 'sidecar.ready',
  expected: 'ready',
  remedy: 'see docs/sidecar.md for its causes',
};
const fresh: Question = {
  name: 'sidecar.fresh',
  expected: 'a proof of completeness younger than maxStalenessMs',
  remedy: 'check that the source is up, takes writes and can be reached: no heartbeat has come through',
};
const readers: Question = {
  name: 'sidecar.readers',
  expected: 'at least one process that follows it',
  remedy: 'point the processes beside it here: revocation.feed, or REVOCAST_FEED',
};
const capacity: Question = {
  name: 'sidecar.capacity',
  expected: 'less than 80 % of maxRules held',
  remedy: 'raise maxRules, with memory to match: at the limit the sidecar is not fresh',
};
const highestShare = 0.8;

/** Whether the processes beside this sidecar can rely on it. */
export function judgeSidecar(facts: SidecarFacts, maxStalenessMs: number): Check[] {
  const { dataFailure, adminFailure, readiness, freshAgeMs } = facts;
  return [
    dataFailure === undefined ? well(reachable, 'reachable') : silent(reachable, dataFailure),
    adminFailure === undefined ? well(admin, `version ${facts.version ?? 'unknown'}`) : silent(admin, adminFailure),
    ...(readiness === undefined ? [] : [judgeReadiness(readiness)]),
    ...(dataFailure === undefined ? [judgeFreshness({ freshAgeMs, maxStalenessMs, readiness })] : []),
    ...(adminFailure === undefined ? judgeFigures(facts.figures) : []),
  ];
}

function judgeReadiness({ ok, check, cause, lastError, remedy, degraded }: Readiness): Check {
  const why = [cause, lastError].filter((part) => part !== undefined).join(', ');
  const question = { ...ready, remedy: remedy ?? ready.remedy };
  if (!ok) return ill(question, 'fail', `not ready: ${check}${why === '' ? '' : ` (${why})`}`);
  return degraded === true ? ill(question, 'warn', `ready although not fresh (${why})`) : well(ready, 'ready');
}

interface Freshness {
  readonly freshAgeMs: number | undefined;
  readonly maxStalenessMs: number;
  readonly readiness: Readiness | undefined;
}

function judgeFreshness({ freshAgeMs, maxStalenessMs, readiness }: Freshness): Check {
  const question = { ...fresh, remedy: readiness?.remedy ?? fresh.remedy };
  if (freshAgeMs === undefined) return ill(question, 'fail', 'it says that it is not fresh');
  const found = `${Math.round(freshAgeMs)} ms old`;
  return freshAgeMs > maxStalenessMs ? ill(question, 'fail', found) : well(fresh, found);
}

function* judgeFigures(figures: SidecarFacts['figures']): Iterable<Check> {
  const clients = figures.get('sidecar_clients');
  const rules = figures.get('denylist_rules');
  const limit = figures.get('denylist_limit_rules');
  if (clients === undefined) yield hidden(readers, 'it does not say');
  else yield clients > 0 ? well(readers, `${clients}`) : ill(readers, 'warn', 'none');
  if (rules === undefined || limit === undefined || limit === 0) yield hidden(capacity, 'it does not say');
  else {
    const found = `${rules} of ${limit} rules`;
    yield rules >= highestShare * limit ? ill(capacity, 'warn', found) : well(capacity, found);
  }
}
