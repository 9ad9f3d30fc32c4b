import type { Change, RevocationDetails } from '../rules/event.ts';
import { type AppendRequest, LogError, type LoggedDenial } from './revocation-log.ts';

/** What the log records of a request beside its rule: a merged rule does not show the last statement. */
export function loggedDetails({ statement, details }: AppendRequest): RevocationDetails {
  return statement.kind === 'cutoff' ? { ...details, cutoff: true } : details;
}

/**
 * The value that an event denied, to lift the denial.
 *
 * @throws LogError `refused` when the event denied nothing that can be lifted.
 */
export function denialOf({ digest, details }: Change): LoggedDenial {
  if (details?.kind === 'lift') throw refuse('this id is of a lift, which denies nothing; to deny again, revoke again');
  if (details?.cutoff === true) {
    throw refuse('this id is of a cutoff, and a cutoff cannot be lifted: people log in again');
  }
  const dimension = details?.dimension;
  if (dimension === undefined) throw refuse('the event of this id names no dimension; lift that value instead');
  return { digest, dimension };
}

/** @returns the value of a lift; undefined for every other event. */
export function liftedBy(change: Change | undefined): LoggedDenial | undefined {
  const { kind, dimension } = change?.details ?? {};
  return change === undefined || kind !== 'lift' || dimension === undefined
    ? undefined
    : { digest: change.digest, dimension };
}

export function unknownId(): LogError {
  return refuse('no revocation of this id is known (ids are kept for a day); lift by what it named instead');
}

export function noLongerKept(): LogError {
  return refuse('the log no longer keeps the event of this id; lift by what it named instead');
}

function refuse(why: string): LogError {
  return new LogError('refused', `nothing was lifted: ${why}`);
}
