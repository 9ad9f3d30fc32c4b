import { durationForms, durationPattern, readDuration, writeDuration } from '@revocast/denylist/replica';
import { z } from 'zod';

/** Milliseconds from a number of milliseconds or a text with a unit. @param bounds in milliseconds, inclusive. */
export function durationOption([least, most]: readonly [number, number], initialMs: number) {
  const error = `expected ${durationForms}, from ${writeDuration(least)} to ${writeDuration(most)}`;
  const milliseconds = z.int({ error }).min(least, { error }).max(most, { error });
  const text = z.string().regex(new RegExp(durationPattern)).transform(readDuration).pipe(milliseconds);
  return z.union([milliseconds, text], { error }).prefault(writeDuration(initialMs));
}
