/** Longest value of a dimension, in characters. */
export const longestName = 4096;

/**
 * Whether every store can keep this text as the value of a dimension: PostgreSQL has no U+0000, and no half of a surrogate pair,
 * which UTF-8 has neither.
 */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestName && !/\0|\p{Surrogate}/u.test(value);
}
