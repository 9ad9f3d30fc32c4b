import type { Flaw } from './flaws.ts';
import { steps } from './script.ts';
import type { ProcessKind } from './sim-process.ts';
import { forgottenAfterMs, type Step } from './step.ts';
import type { WorldOptions } from './world.ts';

interface Schedule extends Pick<WorldOptions, 'kinds' | 'probes' | 'compares' | 'stateFiles' | 'oldSidecars'> {
  readonly steps: readonly Step[];
}

const bare: ProcessKind = { isLegacy: false, failOpen: false, lookUp: false };
const withoutLookUps = [bare, bare, bare];
const legacyFirst = [{ ...bare, isLegacy: true }, bare, { ...bare, isLegacy: true }];

/** Looks every 10 ms: some states last no longer. */
function watchClosely(ms: number): readonly string[] {
  return Array.from({ length: ms / 10 }, () => 'wait 10');
}

/** For every rule of the protocol, a schedule that breaks a promise when this rule alone is left out. */
export const schedules: Readonly<Record<Flaw, Schedule>> = {
  'chain unchecked': { compares: false, steps: steps('deny 0 400', 'restart empty') },
  're-seed by lease holder only': {
    compares: false,
    // The lease goes to the sidecar that holds nothing; the other one holds the denial.
    steps: steps('isolate 0', 'deny 0 1500', 'isolate 1', 'reconnect 0', 'flush 4000', 'reconnect 1'),
  },
  'no second head': {
    compares: false,
    // Cold, it reads a page that shows the new denial, and the only log that has it dies before its tail gets there.
    steps: steps(
      ...['deny 1', 'deny 0', 'lift 0 1000', 'kill sidecar 0', 'kill sidecar 1 1000', 'start sidecar 2 50'],
      ...['cut replication', 'deny 0 40', 'failover'],
    ),
  },
  'proof is time of read': {
    // Heartbeats of another sidecar wait for it, and the denial behind them.
    steps: steps(
      ...['kill sidecar 0 3000', 'start sidecar 0 3000', 'pause sidecar 0 2000', 'deny 0', 'resume sidecar 0 10'],
      ...watchClosely(100),
    ),
  },
  'lift stamped now': { steps: steps('deny 0', 'cut replication', 'deny 0 1000', 'failover', 'lift 0') },
  'clear instead of union': { steps: steps('deny 0 400', 'restart empty') },
  'snapshot rules not sent': {
    steps: steps('isolate 0 3000', 'deny 0', 'trim', 'reconnect 0 7000', 'wait 7000'),
  },
  'positions without feed': {
    // The new life of the sidecar has counted as far as the old one had when its process was last connected.
    steps: steps('deny 1', 'lift 1 1000', 'kill sidecar 0', 'deny 0', 'start sidecar 0 7000', 'wait 4000'),
  },
  'proof not handed on': {
    steps: steps('pause sidecar 0 3000', 'partition 0', 'deny 0 7000', 'resume sidecar 0 4000'),
  },
  'born whole': { steps: steps('deny 0 400', 'restart empty') },
  'restart ended by anyone': {
    // No sidecar holds the denial any more, and those of the new log are fresh once it is whole.
    steps: steps('deny 0 9000', 'kill sidecar 0', 'kill sidecar 1', 'restart empty', 'start sidecar 0 20000'),
  },
  'successor of any age': {
    // The name leads away right after the loss. A sidecar that has read the other log only comes to this one with the name.
    steps: steps(
      ...['deny 0 10000', 'flush', 'deny 1 150', 'move name 7000', 'start sidecar 2 7000', 'move name 4000'],
      'wait 4000',
    ),
  },
  'look-up without heartbeat': { steps: steps('kill sidecar 0', 'partition 0', 'deny 0 7000', 'wait 4000') },
  'process unites lifts': {
    // The lift reaches one sidecar and its process, and is lost with the primary and that sidecar.
    steps: steps(
      ...['deny 0', 'isolate 0', 'cut replication', 'lift 0 1000', 'kill sidecar 1', 'failover', 'reconnect 0'],
      'switch 1 0',
    ),
  },
  'writes on the cut-off side': { steps: steps('partition 0', 'deny 0 7000', 'wait 7000') },
  'lease of a faster clock': { steps: steps('step log clock 3600000 1000', 'kill sidecar 0', 'failover') },
  'tail from beyond the end': {
    steps: steps('step log clock 3600000 1000', 'cut replication 1500', 'failover'),
  },
  'replaced by label': {
    // All processes have the same label. The first one is fresh for a while after its link is cut.
    steps: steps('switch 2 0', 'cut link 0', 'start process 2 1000', 'deny 0 1500', 'wait 500'),
  },
  'replaced entry starts anew': {
    // It comes back, and the connection ends again before it is given a proof.
    kinds: withoutLookUps,
    steps: steps(
      ...['drop connection 0 70', ...Array.from({ length: 8 }, () => 'drop connection 0 9'), 'cut link 0'],
      ...['deny 0 400', 'wait 400'],
    ),
  },
  'sidecars not counted': {
    // A new process starts from a sidecar that has not read the denial and is still fresh.
    kinds: withoutLookUps,
    steps: steps('start sidecar 2 3000', 'hang tail 2', 'deny 0 400', 'switch 2 2', 'start process 2 400', 'wait 400'),
  },
  'relays not counted': {
    kinds: withoutLookUps,
    steps: steps('start sidecar 3 3000', 'cut link 3', 'deny 0 400', 'switch 2 3', 'start process 2 400', 'wait 400'),
  },
  'proofs to unnamed readers': {
    kinds: legacyFirst,
    steps: steps('switch 2 0', 'start process 2 44', 'cut link 2 200', 'deny 0 400', 'wait 400'),
  },
  'forgotten with its connection': {
    kinds: withoutLookUps,
    steps: steps('cut link 0', 'drop connection 0', 'deny 0 400', 'wait 400'),
  },
  'proofs to a silent reader': { steps: steps('ghost 0'), probes: true },
  'proof overtakes changes': { steps: steps('cut link 0', 'deny 0 1500', 'restore link 0', ...watchClosely(600)) },
  'proof without head': { steps: steps('lose change 0', 'deny 0 1500', 'wait 400') },
  'legacy cursor without stream': {
    kinds: legacyFirst,
    steps: steps('cut link 0', 'drop connection 0', 'deny 0 400', 'forge report 0 400', 'wait 400'),
  },
  'legacy entry dropped with its stream': {
    kinds: legacyFirst,
    steps: steps('cut link 0', 'drop connection 0', 'deny 0 400', 'wait 400'),
  },
  'positions of another history': {
    // The lost primary's clock was ahead, so a position that it alone had lies behind what its successor writes.
    kinds: [{ ...bare, failOpen: true }, bare, bare],
    steps: steps(
      ...['step log clock 10800000', 'cut replication', 'deny 1 600', 'cut link 0', 'isolate 0', 'failover'],
      ...['deny 0 400', 'reconnect 0 12000'],
    ),
  },
  'everywhere on an unsteady log': {
    // The registry is lost with the log, and a sidecar that is cut off cannot write its line into the new one.
    kinds: withoutLookUps,
    steps: steps('isolate 1 1000', 'flush 50', 'deny 0 1500'),
  },
  'everywhere before memos end': { steps: steps('kill sidecar 0 14000', 'deny 0 400') },
  'end checked at the start alone': { steps: steps('step log clock -10800000 1000', 'flush') },
  'now by the log alone': { steps: steps('step log clock -3600000 3000', 'cutoff 0') },
  'clock of the holder without its age': {
    // The sidecars are gone, and the replica that is promoted is 3 h behind: it moves what the holder's clock said.
    steps: steps('step replica clock -10800000', 'kill sidecar 0', 'kill sidecar 1', 'failover', 'cutoff 0'),
  },
  'clock of the holder counts twice': {
    steps: steps('move publisher 0', 'jump wall 0 10800000 1000', 'cutoff 0'),
  },
  'stamps by the log alone': { steps: steps('step log clock 10800000 1000', 'lift 0') },
  'lift of nothing by the latest clock': {
    steps: steps('move publisher 0', 'step log clock 10800000 1000', 'lift 0'),
  },
  'issuer ignores its nodes': { steps: steps('wait 900', 'cutoff by the issuer 0') },
  'issuer ignores what it stamped': { steps: steps('wait 100', 'step issuer clock -58000', 'cutoff by the issuer 0') },
  'age of a line by the log alone': {
    // The line names a reader that never refuses by itself. A clock that is corrected makes it look hours old.
    kinds: [{ ...bare, failOpen: true }, bare, bare],
    steps: steps('kill sidecar 0 1000', 'deny 0 400', 'step log clock 10800000 12000'),
  },
  'age of a line by the smaller difference': {
    probes: true,
    steps: steps('step replica clock -10800000', 'failover', 'kill sidecar 0'),
  },
  'pruned by the log alone': { steps: steps('deny short 400', 'step log clock 10800000 3000') },
  'rules not compared': { steps: steps('deny short 400', 'prune short 1000') },
  'rules written back to the end': {
    steps: steps('jump wall 1 -58000', 'deny short 400', `night ${forgottenAfterMs - 1000} 5000`, 'wait 7000'),
  },
  'rules compared by clocks that disagree': {
    steps: steps('jump wall 1 -3600000', 'deny short 400', `night ${forgottenAfterMs - 1000} 5000`, 'wait 7000'),
  },
  'gap unnoticed': {
    stateFiles: [],
    steps: steps(
      ...[
        'back up',
        'deny 0 9000',
        'stop all sidecars',
        'night 90000',
        'restore backup',
        'start sidecar 0',
        'wait 20000',
      ],
    ),
  },
  'every gap is a loss': { steps: steps('deny 0 4000', 'stop all sidecars', 'night 90000', 'start sidecar 0 20000') },
  'a witness that stopped long before': {
    // The first sidecar has no state file. That of the second one ends before the backup.
    stateFiles: [1],
    steps: steps(
      ...['kill sidecar 1 20000', 'back up', 'deny 0 1000', 'stop all sidecars', 'night 90000', 'restore backup'],
      'start sidecar 1 20000',
    ),
  },
  'wait dated by a faster clock': {
    stateFiles: [],
    steps: steps(
      ...['back up 1000', 'deny 0 1500', 'stop all sidecars', 'night 90000', 'restore backup', 'start sidecar 2 150'],
      'step log clock -10800000',
    ),
  },
  'a number alone is remembered': {
    steps: steps(
      ...['back up', 'deny 0 5000', 'stop all sidecars', 'restore backup', 'deny 1 100', 'deny 1 100', 'deny 1 100'],
      ...['start sidecar 2 20000', 'wait 7000'],
    ),
  },
  'steady by beats of the last release': {
    // The failover loses the line of a sidecar that is cut off, whose readers are still fresh.
    kinds: withoutLookUps,
    oldSidecars: [0],
    steps: steps(
      ...['cut replication', 'start sidecar 2 1500', 'switch 2 2', 'start process 2 700', 'isolate 2', 'failover'],
      ...['deny 0 400', 'wait 400', 'wait 400'],
    ),
  },
  'logs without identity': { steps: steps('deny 0 4000', 'move name 4000', 'move name 4000') },
  'lost logs named anew': {
    // The lease is that of the last release. The sidecar that remembers the identity is cut off until another one has drawn it.
    oldSidecars: [0],
    compares: false,
    steps: steps(
      ...['deny 0 4000', 'isolate 1 400', 'flush 20000', 'start sidecar 2 7000', 'kill sidecar 0 4000'],
      'reconnect 1 4000',
    ),
  },
  'logs named by lease holders alone': {
    // The same, but it is cut off when the log has been whole for long; a day later nothing says that it was lost.
    oldSidecars: [0],
    compares: false,
    steps: steps(
      ...['flush 20000', 'start sidecar 2 7000', 'isolate 1', 'kill sidecar 0 4000', 'night 100000000 7000'],
      ...['trim', 'reconnect 1 7000'],
    ),
  },
  'look-up ends denials by the log alone': {
    steps: steps('step log clock 10800000', 'deny short', 'kill sidecar 0 14000', 'wait 4000'),
  },
  'healing ended by a step': {
    steps: steps('deny 0 400', 'isolate 0', 'isolate 1', 'flush', 'start sidecar 2 1000', 'step log clock 15000 2000'),
  },
  'healing begins again': { steps: steps('flush 18000', 'step log clock -10800000') },
  'healing dated by a faster clock': { steps: steps('flush 2000', 'step log clock -10800000') },
  'first look-up trusts the clock of the log': {
    // A process starts when the clock of the primary that it reaches has caught up with the last heartbeat.
    steps: steps(
      ...['kill sidecar 0', 'kill process 0', 'partition 0', 'step replica clock -120000', 'deny 0 116000'],
      'start process 0 4000',
    ),
  },
  'look-up trusts a heartbeat that stands still': {
    // It has made look-ups before, and the clock of the primary that is cut off then stands still for a minute.
    steps: steps(
      ...['kill sidecar 0 8000', 'partition 0', 'deny 0 3000'],
      ...Array.from({ length: 20 }, () => 'step replica clock -4000 4000'),
    ),
  },
  'freshness flag set by a timer': { steps: steps('pause process 0', 'deny 0 9000', 'resume process 0') },
  'look-ups forgotten with their reader': {
    kinds: [{ ...bare, lookUp: true }, bare, bare],
    steps: steps('cut link 0 13000', 'deny 0 400'),
  },
};
