import type { Fault } from '../../fault.ts';
import { killIssuers } from '../../issuer/kill-issuers.ts';
import { logDownDuringLogouts } from '../../issuer/log-down.ts';
import { loseAnswers } from '../../issuer/lost-answers.ts';
import { refreshAtOnce } from '../../issuer/refresh-at-once.ts';
import { refreshRacesEvents } from '../../issuer/refresh-races.ts';

const failure = 'an authorization server is killed, or the log is down when it reports';
const refreshes = 'refreshes at once in two processes, and in races with logouts and password changes';
const small = { sidecars: 1, apisPerSidecar: 1 };

/** Faults of a server with `@revocast/issuer` and PostgreSQL. */
export const issuer: readonly Fault[] = [
  {
    name: 'issuer/killed-200-times',
    failure,
    world: small,
    traffic: false,
    run: (world) => killIssuers(world, { kills: 200, settleWithinMs: 1000 }),
  },
  {
    name: 'issuer/killed-a-few-times',
    failure,
    world: small,
    traffic: false,
    run: (world) => killIssuers(world, { kills: 4 }),
  },
  {
    name: 'issuer/log-down-during-logouts',
    failure,
    world: small,
    traffic: false,
    run: (world) => logDownDuringLogouts(world, { events: 100, downMs: 60_000 }),
  },
  {
    name: 'issuer/log-down-for-seconds',
    failure,
    world: small,
    traffic: false,
    run: (world) => logDownDuringLogouts(world, { events: 20, downMs: 4000 }),
  },
  {
    name: 'issuer/refresh-at-once',
    failure: refreshes,
    world: small,
    traffic: false,
    run: (world) => refreshAtOnce(world, { rounds: 1000 }),
  },
  {
    name: 'issuer/refresh-at-once-few',
    failure: refreshes,
    world: small,
    traffic: false,
    run: (world) => refreshAtOnce(world, { rounds: 20 }),
  },
  {
    name: 'issuer/refresh-answers-lost',
    failure: refreshes,
    world: small,
    traffic: false,
    run: (world) => loseAnswers(world, { answers: 100 }),
  },
  {
    name: 'issuer/refresh-races',
    failure: refreshes,
    world: small,
    traffic: false,
    run: (world) => refreshRacesEvents(world, { rounds: 1000 }),
  },
  {
    name: 'issuer/refresh-races-few',
    failure: refreshes,
    world: small,
    traffic: false,
    run: (world) => refreshRacesEvents(world, { rounds: 10 }),
  },
];
