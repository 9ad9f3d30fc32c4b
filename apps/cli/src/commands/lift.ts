import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { addSourceOptions } from '../source-options.ts';
import type { World } from '../world.ts';
import { type PublishCommandOptions, publish } from './publish.ts';
import { addPublishOptions } from './publish-options.ts';
import { aboutTarget } from './revoke.ts';
import { addTargetOptions, readTarget, type TargetOptions } from './target-options.ts';

export interface LiftOptions extends PublishCommandOptions, Partial<TargetOptions> {
  readonly actor?: string;
}

export function addLift(program: Command): Command {
  const command = program.command('lift').summary('end the denial of one value');
  command.description(
    'Ends every block of a value. A cutoff stays: it named tokens issued up to a moment, and people log in again.',
  );
  addTargetOptions(command);
  addPublishOptions(command);
  addSourceOptions(command, 'the log, or a sidecar that writes to it');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast lift --issuer https://login.example.com/ --subject 248289761001
  $ revocast lift --issuer https://login.example.com/ --client batch --actor on-call --wait 5s --json`,
  );
}

export async function lift(options: LiftOptions, world: World): Promise<ExitCode> {
  const target = readTarget(options);
  const { actor } = options;
  const said = actor === undefined ? target : { ...target, actor };
  return await publish(
    { kind: 'lift', about: aboutTarget(options), say: (publisher, how) => publisher.lift(said, how) },
    options,
    world,
  );
}
