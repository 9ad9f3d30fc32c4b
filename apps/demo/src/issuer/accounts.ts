/**
 * Every short lower-case name (`alice`, `bob`, `user-7`) is an account, and a login needs no password. The issuer is only
 * for the demo, which shows what happens after a login.
 */
export function parseAccountName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(value) ? value : undefined;
}
