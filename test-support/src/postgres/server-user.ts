/** `nobody` on Linux and macOS. */
const nobody = 65_534;

/** As which user a server is started: PostgreSQL refuses root. Empty for every other user. */
export function serverUser(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
}
