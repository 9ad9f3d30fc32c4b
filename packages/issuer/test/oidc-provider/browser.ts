import { createHash, randomBytes } from 'node:crypto';
import { until } from '@revocast/test-support';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The `error` of a JSON body. */
  readonly error: string | undefined;
}

export interface LoginOptions {
  readonly client?: string;
  readonly scope?: string;
  readonly prompt?: string;
  readonly resources?: readonly string[];
}

/** One user in one browser, at an authorization server: the code flow with PKCE over HTTP. */
export class Browser {
  readonly #issuer: string;
  readonly #cookies = new Map<string, string>();

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  /** @param options `resources` (RFC 8707): the access token is for the first one. */
  async login(account: string, options: LoginOptions = {}): Promise<Tokens> {
    const { client = 'shop', scope = 'openid orders', prompt = 'login', resources = [] } = options;
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client,
      redirect_uri: redirectUri,
      scope,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      login_hint: account,
      prompt: scope.includes('offline_access') ? 'login consent' : prompt,
    });
    for (const resource of resources) query.append('resource', resource);
    const callback = await this.#followTo(redirectUri, `${this.#issuer}/auth?${query}`);
    const code = new URL(callback).searchParams.get('code');
    if (code === null) throw new Error(`expected a code, found ${new URL(callback).search}`);
    const [resource] = resources;
    const fields = { grant_type: 'authorization_code', code, verifier };
    return tokensOf(await this.redeem(client, resource === undefined ? fields : { ...fields, resource }));
  }

  /** A request at the token endpoint. */
  redeem(client: string, { verifier, ...fields }: Readonly<Record<string, string>>): Promise<Answer> {
    const proof: Record<string, string> =
      verifier === undefined ? {} : { code_verifier: verifier, redirect_uri: redirectUri };
    return post(`${this.#issuer}/token`, { client_id: client, ...fields, ...proof });
  }

  refresh(refreshToken: string, client = 'shop', resource?: string): Promise<Answer> {
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    return this.redeem(client, resource === undefined ? fields : { ...fields, resource });
  }

  /** A request at the revocation endpoint. */
  revoke(token: string, client = 'shop', accept = 'application/json'): Promise<Answer> {
    return post(`${this.#issuer}/token/revocation`, { client_id: client, token }, { accept });
  }

  /** Opens the logout page and submits its form. @param everywhere false: signs out of the client, and keeps the session. */
  async logout(idToken: string, everywhere = true): Promise<Answer> {
    const page = await this.#open(`${this.#issuer}/session/end?id_token_hint=${idToken}`);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
    const form = new URLSearchParams({ xsrf, ...(everywhere ? { logout: 'yes' } : {}) });
    return read(await this.#open(`${this.#issuer}/session/end/confirm`, { method: 'POST', body: form }));
  }

  async #followTo(destination: string, start: string): Promise<string> {
    let url = start;
    for (let hops = 0; hops < 12; hops += 1) {
      const answer = await this.#open(url);
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`expected a redirect, found ${answer.status} ${await answer.text()}`);
      url = new URL(location, url).href;
      if (url.startsWith(destination)) return url;
    }
    throw new Error('the login did not end after 12 redirects');
  }

  async #open(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(name.length + 1);
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }
}

export const redirectUri = 'http://127.0.0.1/callback';

async function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = { accept: 'application/json' },
): Promise<Answer> {
  return read(await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) }));
}

async function read(answer: Response): Promise<Answer> {
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true;
  const { error } = isJson ? (JSON.parse(text) as { error?: string }) : {};
  return { status: answer.status, headers: answer.headers, text, error };
}

export function tokensOf({ status, text }: Answer): Tokens {
  if (status !== 200) throw new Error(`expected tokens, found ${status} ${text}`);
  const { access_token, refresh_token, id_token } = JSON.parse(text);
  return { accessToken: access_token, refreshToken: refresh_token, idToken: id_token };
}

export function claimsIn(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

/** A login of alice in a later second than a cutoff of now, which includes the spread of one second. */
export async function laterLogin(browser: Browser): Promise<Tokens> {
  const cutoff = Math.floor(Date.now() / 1000) + 1;
  const login = async (): Promise<Tokens | undefined> => {
    const tokens = await browser.login('alice', { prompt: 'none' });
    return Number(claimsIn(tokens.accessToken)['iat']) > cutoff ? tokens : undefined;
  };
  return await until(login, { what: 'a login in a later second', everyMs: 100 });
}
