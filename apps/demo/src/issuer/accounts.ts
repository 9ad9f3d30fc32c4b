/**
 * Who may log in: anybody with a short lower-case name (`alice`, `bob`, `user-7`), without a password.
 * The issuer listens on loopback and exists for the demo; it proves what happens after a login, not the login.
 */
export function parseAccountName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(value) ? value : undefined;
}
