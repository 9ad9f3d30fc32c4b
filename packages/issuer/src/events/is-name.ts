export const longestName = 4096;

/** Whether every store can keep this text: PostgreSQL has no U+0000, and no half of a surrogate pair. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestName && !/\0|\p{Surrogate}/u.test(value);
}
