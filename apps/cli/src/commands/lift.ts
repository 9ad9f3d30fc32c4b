import type { LiftTarget } from '@revocast/denylist';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { withProgress } from '../output/progress.ts';
import { isDenied } from '../revocation/is-denied.ts';
import type { World } from '../world.ts';
import { addPublishOptions, type PublishOptions, publish } from './publish.ts';
import {
  addTargetOptions,
  describeTarget,
  flagOf,
  readTarget,
  type TargetOptions,
  targetNames,
} from './target-options.ts';

interface LiftOptions extends PublishOptions, TargetOptions {
  /** The id of the revocation to lift, not of this event. */
  readonly id?: string;
  readonly liftId?: string;
}

export function addLift(program: Command): Command {
  const command = program
    .command('lift')
    .summary('end the denial of one value')
    .description('Ends every denial of a value. A cutoff stays: it denies old tokens only, and a new login works.');
  addTargetOptions(command).option(
    '--id <id>',
    'instead of a target: the value of the revocation with this id; the log keeps it for an hour',
  );
  return addPublishOptions(command, '--lift-id').addHelpText(
    'after',
    `
Examples:
  $ revocast lift --issuer https://login.example.com/ --subject 248289761001
  $ revocast lift --id 0f8fad5bd9cb469fa165708677289501
  $ revocast lift --issuer https://login.example.com/ --client batch --actor on-call --wait 5s --json`,
  );
}

export async function lift(options: LiftOptions, world: World): Promise<ExitCode> {
  const { id, liftId, actor } = options;
  const target: LiftTarget = id === undefined ? readTarget(options) : ofRevocation(id, options);
  const wasDenied = await withProgress(world, 'the log', isDenied(target, options, world));
  return await publish(
    {
      kind: 'lift',
      about: 'id' in target ? 'the value of that revocation' : describeTarget(target),
      wasDenied,
      log: (publisher, how) => publisher.lift({ ...target, actor }, how),
    },
    { ...options, id: liftId },
    world,
  );
}

function ofRevocation(id: string, options: LiftOptions): LiftTarget {
  const named = targetNames.find((name) => options[name] !== undefined);
  if (named === undefined) return { id };
  throw new UsageError(
    `--id: names the value already; leave out ${flagOf(named)} (the id of the lift itself is --lift-id)`,
  );
}
