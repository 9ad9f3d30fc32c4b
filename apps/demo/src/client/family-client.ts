import type { HttpAnswer, SendRequest } from './send-request.ts';
import { parseObject } from './tokens.ts';

/** What a browser has after a login or a refresh. */
export interface SignedIn {
  readonly accessToken: string;
  /** The name and value of the cookie with the refresh token. */
  readonly cookie: string;
}

export type FamilyAnswer = ({ readonly ok: true } & SignedIn) | { readonly ok: false; readonly error: string };

/** Browsers at the token endpoint that keeps refresh tokens in a cookie. The caller keeps the cookie, and can copy it. */
export interface FamilyClient {
  login(account: string): Promise<SignedIn>;
  refresh(cookie: string): Promise<FamilyAnswer>;
}

export function createFamilyClient(issuer: string, send: SendRequest): FamilyClient {
  const post = async (path: string, request: { headers: Record<string, string>; body?: string }) =>
    readAnswer(await send(new URL(`/family${path}`, issuer).href, { method: 'POST', ...request }));
  return {
    async login(account) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await post('/login', { headers, body: new URLSearchParams({ account }).toString() });
      if (!answer.ok) throw new Error(`the login was refused: ${answer.error}`);
      return answer;
    },
    refresh: (cookie) => post('/refresh', { headers: { cookie } }),
  };
}

function readAnswer({ status, headers, body }: HttpAnswer): FamilyAnswer {
  const members = parseObject(body);
  if (status !== 200) return { ok: false, error: String(members['error']) };
  const [cookie] = (headers['set-cookie']?.[0] ?? '').split(';', 1);
  const accessToken = members['access_token'];
  if (typeof accessToken !== 'string' || !cookie) throw new Error('the answer has no access token or no cookie');
  return { ok: true, accessToken, cookie };
}
