/** The code of an error, such as ECONNREFUSED or `timeout`. Unlike a message it is stable and names no address or path. */
export function errorCodeOf(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : undefined;
}
