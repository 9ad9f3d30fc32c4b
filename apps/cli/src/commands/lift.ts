import type { LiftTarget } from '@revocast/denylist';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { addSourceOptions } from '../source-options.ts';
import type { World } from '../world.ts';
import { type PublishCommandOptions, publish } from './publish.ts';
import { addPublishOptions } from './publish-options.ts';
import { aboutTarget } from './revoke.ts';
import { addTargetOptions, flagOf, readTarget, type TargetOptions, targetNames } from './target-options.ts';

export interface LiftOptions extends PublishCommandOptions, Partial<TargetOptions> {
  /** Of the revocation to lift, and not of this event. */
  readonly id?: string;
  readonly liftId?: string;
  readonly actor?: string;
}

export function addLift(program: Command): Command {
  const command = program.command('lift').summary('end the denial of one value');
  command.description(
    'Ends every denial of a value. A cutoff stays: it named tokens issued up to a moment, and people log in again.',
  );
  addTargetOptions(command).option(
    '--id <id>',
    'instead of a target: what the revocation of this id named, while the log keeps it (an hour)',
  );
  addPublishOptions(command, '--lift-id');
  addSourceOptions(command, 'the log, or a sidecar that writes to it');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast lift --issuer https://login.example.com/ --subject 248289761001
  $ revocast lift --id 0f8fad5bd9cb469fa165708677289501
  $ revocast lift --issuer https://login.example.com/ --client batch --actor on-call --wait 5s --json`,
  );
}

export async function lift(options: LiftOptions, world: World): Promise<ExitCode> {
  const { id, liftId, actor, ...how } = options;
  const target = id === undefined ? readTarget(options) : ofRevocation(id, options);
  const said = actor === undefined ? target : { ...target, actor };
  const about = id === undefined ? aboutTarget(options) : 'what that revocation named';
  return await publish(
    { kind: 'lift', about, say: (publisher, options) => publisher.lift(said, options) },
    { ...how, ...(liftId === undefined ? {} : { id: liftId }) },
    world,
  );
}

function ofRevocation(id: string, options: LiftOptions): LiftTarget {
  const named = targetNames.find((name) => options[name] !== undefined);
  if (named === undefined) return { id };
  throw new UsageError(
    `--id: the revocation says what it named; leave out ${flagOf(named)} (--lift-id is the id of the lift itself)`,
  );
}
