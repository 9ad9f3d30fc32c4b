import { ConfigurationError } from '@revocast/denylist';
import { isName, longestName } from '@revocast/denylist/replica';
import type { LifecycleEvent } from './lifecycle-event.ts';

/** Every `sub` that tokens of an account can carry, at most 1000. */
export type SubjectsOf = (account: string) => readonly string[] | Promise<readonly string[]>;

const mostSubjects = 1000;

/**
 * The event, once for each subject of the account that it names. An event without a subject is returned as it is.
 *
 * @throws ConfigurationError for a result of `subjectsOf` that is no list of 1–1000 subjects · what `subjectsOf` throws. Then
 *         nothing is noted.
 */
export async function namingSubjects(
  event: LifecycleEvent,
  subjectsOf: SubjectsOf | undefined,
): Promise<readonly LifecycleEvent[]> {
  if (subjectsOf === undefined || !('subject' in event)) return [event];
  const subjects: unknown = await subjectsOf(event.subject);
  if (!isSubjects(subjects)) {
    throw new ConfigurationError(
      'subjectsOf',
      `expected it to return 1–${mostSubjects} subjects, each 1–${longestName} characters of valid Unicode, found something else`,
    );
  }
  return subjects.map((subject) => ({ ...event, subject }));
}

function isSubjects(found: unknown): found is readonly string[] {
  return Array.isArray(found) && found.length > 0 && found.length <= mostSubjects && found.every(isName);
}
