import { randomBytes } from 'node:crypto';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { createPkce } from './pkce.ts';
import type { HttpAnswer, HttpRequest, SendRequest } from './send-request.ts';
import { parseObject, parseTokens, type Tokens } from './tokens.ts';

export interface OauthClientOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly signedOutUri: string;
  readonly send: SendRequest;
}

/** `error` is an OAuth error code such as `invalid_grant`. */
export type Refreshed =
  | { readonly ok: true; readonly tokens: Tokens }
  | { readonly ok: false; readonly status: number; readonly error: string };

/** One user in one browser: a cookie jar, and the authorization code flow with PKCE over HTTP. */
export interface OauthClient {
  /** @param scope default `openid orders:read orders:write`. */
  login(account: string, scope?: string): Promise<Tokens>;
  refresh(refreshToken: string): Promise<Refreshed>;
  /** RP-initiated logout: opens the page and submits its form. @param onSent called immediately before the submit. */
  logout(idToken: string, onSent?: () => void): Promise<void>;
  /** @returns `pending` when the log cannot be reached: the APIs follow later. */
  signOutEverywhere(onSent?: () => void): Promise<'logged' | 'pending'>;
}

const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };

export function createOauthClient(options: OauthClientOptions): OauthClient {
  const { issuer, clientId, redirectUri, signedOutUri } = options;
  const browser = createBrowser(options.send, createCookieJar());
  const at = (path: string): string => new URL(path, issuer).href;
  const redeem = (parameters: Record<string, string>): Promise<HttpAnswer> =>
    options.send(at('/token'), {
      method: 'POST',
      headers: form,
      body: new URLSearchParams({ client_id: clientId, ...parameters }).toString(),
    });

  return {
    async login(account, scope = 'openid orders:read orders:write') {
      const { verifier, challenge } = createPkce();
      const state = randomBytes(16).toString('base64url');
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope,
        state,
        nonce: randomBytes(16).toString('base64url'),
        code_challenge: challenge,
        code_challenge_method: 'S256',
        login_hint: account,
        // The browser may have a session of another user.
        prompt: 'login',
      });
      const callback = await browser.followTo(redirectUri, at(`/auth?${query}`));
      const parameters = new URL(callback).searchParams;
      const code = parameters.get('code');
      if (code === null)
        throw new Error(`the login was refused: ${parameters.get('error') ?? 'no code in the redirect'}`);
      if (parameters.get('state') !== state) throw new Error('the state of the redirect is not that of this login');
      // RFC 9207 §2.4: a code of another authorization server must not be redeemed here.
      if (parameters.get('iss') !== issuer) throw new Error(`the code is from another issuer than ${issuer}`);

      const answer = await redeem({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      });
      if (answer.status !== 200) throw new Error(`the code was refused with status ${answer.status}`);
      return parseTokens(answer.body);
    },

    async refresh(refreshToken) {
      const answer = await redeem({ grant_type: 'refresh_token', refresh_token: refreshToken });
      if (answer.status === 200) return { ok: true, tokens: parseTokens(answer.body) };
      return { ok: false, status: answer.status, error: String(parseObject(answer.body)['error']) };
    },

    async logout(idToken, onSent) {
      const query = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: signedOutUri });
      const page = await browser.open(at(`/session/end?${query}`));
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1];
      if (page.status !== 200 || xsrf === undefined)
        throw new Error(`expected the logout page, found status ${page.status}`);
      onSent?.();
      const answer = await browser.open(at('/session/end/confirm'), {
        method: 'POST',
        headers: form,
        body: new URLSearchParams({ xsrf, logout: 'yes' }).toString(),
      });
      if (answer.status !== 303) throw new Error(`the logout was refused with status ${answer.status}`);
    },

    async signOutEverywhere(onSent) {
      onSent?.();
      const answer = await browser.open(at('/sign-out-everywhere'), { method: 'POST' });
      if (answer.status === 204) return 'logged';
      if (answer.status === 202) return 'pending';
      throw new Error(`signing out everywhere was refused with status ${answer.status}`);
    },
  };
}

interface Browser {
  open(url: string, request?: HttpRequest): Promise<HttpAnswer>;
  /** Follows redirects until one leads to `destination`, which is returned and not opened. */
  followTo(destination: string, url: string): Promise<string>;
}

function createBrowser(send: SendRequest, jar: CookieJar): Browser {
  const open: Browser['open'] = async (url, request = {}) => {
    const cookie = jar.headerFor(new URL(url).pathname);
    const headers = { accept: 'text/html', ...request.headers, ...(cookie === undefined ? {} : { cookie }) };
    const answer = await send(url, { ...request, headers });
    jar.store(answer.headers['set-cookie'] ?? []);
    return answer;
  };
  const followTo: Browser['followTo'] = async (destination, start) => {
    let url = start;
    for (let hops = 0; hops < 10; hops += 1) {
      const { status, headers } = await open(url);
      if (headers.location === undefined) throw new Error(`expected a redirect of the login, found status ${status}`);
      url = new URL(headers.location, url).href;
      if (url === destination || url.startsWith(`${destination}?`)) return url;
    }
    throw new Error('the login did not end after ten redirects');
  };
  return { open, followTo };
}
