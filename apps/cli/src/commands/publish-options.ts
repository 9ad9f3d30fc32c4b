import type { Command } from 'commander';
import { duration, wholeNumber } from '../parse-argument.ts';

/**
 * The options of a statement that say how it is sent.
 *
 * @param eventId the flag for the id of the event itself.
 */
export function addPublishOptions(command: Command, eventId: '--id' | '--lift-id' = '--id'): Command {
  return command
    .option('--actor <name>', 'who asked, for the audit trail: 1–128 printable characters')
    .option(`${eventId} <id>`, 'the id of the event: a retry with the same id within a day applies once')
    .option(
      '--redis-replicas <count>',
      'redis replicas that must confirm (default: all)',
      wholeNumber('a count', [0, 100]),
    )
    .option('--wait <duration>', 'wait until every replica has applied it, at most this long', duration([1, 60_000]))
    .option('--json', 'one JSON object');
}
