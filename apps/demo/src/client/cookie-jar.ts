interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** The cookies of one browser for one host (RFC 6265, without domains and without expiry over time). */
export interface CookieJar {
  /** The `Cookie` header for a path; undefined without a matching cookie. */
  headerFor(path: string): string | undefined;
  /** Stores the `Set-Cookie` lines of a response. An empty value or a date in the past removes a cookie. */
  store(setCookies: readonly string[]): void;
}

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>();
  return {
    headerFor(path) {
      const matching = [...cookies.values()].filter((cookie) => isUnder(path, cookie.path));
      return matching.length === 0 ? undefined : matching.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
    store(setCookies) {
      for (const line of setCookies) {
        const { cookie, removed } = parseSetCookie(line);
        const key = `${cookie.name} ${cookie.path}`;
        if (removed) cookies.delete(key);
        else cookies.set(key, cookie);
      }
    },
  };
}

// RFC 6265 §5.1.4: `/a` covers `/a` and `/a/b`, not `/ab`.
function isUnder(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

function parseSetCookie(line: string): { cookie: Cookie; removed: boolean } {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const equals = pair.indexOf('=');
  const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
  const attribute = (wanted: string): string | undefined => {
    const found = attributes.find((item) => item.toLowerCase().startsWith(`${wanted}=`));
    return found?.slice(wanted.length + 1);
  };
  const expires = attribute('expires');
  // Only a date in the past matters here, which servers write as the epoch.
  const removed = value === '' || attribute('max-age') === '0' || (expires !== undefined && /1970/.test(expires));
  return { cookie: { name, value, path: attribute('path') ?? '/' }, removed };
}
