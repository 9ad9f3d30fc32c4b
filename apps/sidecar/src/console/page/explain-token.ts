// These functions run in the browser: their source text is put into the page (page-script.ts). So each may name only
// the others of this file, what every browser has, and its arguments.
import type { DigestsAnswer } from '../answer-digests.ts';

export interface DecodedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** `header.payload`, as it was signed. */
  readonly signingInput: string;
}

/** The claims that may carry each dimension, over all profiles: this page does not know which one an API uses. */
export type ClaimNames = Readonly<
  Record<'token' | 'session' | 'grant' | 'subject' | 'client' | 'tenant', readonly string[]>
>;

export interface RevocableName {
  readonly dimension: string;
  /** Where it stands in the token. */
  readonly from: string;
  readonly value: string | readonly string[];
}

export interface Explanation {
  readonly tone: 'denied' | 'clear' | 'unknown';
  readonly verdict: string;
  readonly notes: readonly string[];
  readonly rows: readonly {
    readonly dimension: string;
    readonly from: string;
    readonly digest: string;
    readonly denied: boolean;
    readonly words: string;
  }[];
}

/** @returns a sentence when the text is no JWT. */
export function decodeToken(text: string): DecodedToken | string {
  const jwt = text.trim().replace(/^(authorization:\s*)?(bearer\s+)?/i, '');
  const parts = jwt.split('.');
  const [header = '', payload = ''] = parts;
  if (parts.length === 5) return 'This is an encrypted token (five parts): nobody but its recipient can look into it.';
  if (parts.length !== 3) return `A signed JWT has three parts with dots between them; this has ${parts.length}.`;
  const readPart = (part: string): Readonly<Record<string, unknown>> | undefined => {
    try {
      const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (byte) => byte.charCodeAt(0));
      const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
    } catch {
      return undefined;
    }
  };
  const decoded = { header: readPart(header), claims: readPart(payload) };
  if (decoded.header === undefined) return 'The first part is no JSON object in base64url.';
  if (decoded.claims === undefined) return 'The second part is no JSON object in base64url.';
  return { header: decoded.header, claims: decoded.claims, signingInput: `${header}.${payload}` };
}

/** Every name under which a revocation may cover the token; none without an issuer, which scopes them all. */
export async function revocableNames(token: DecodedToken, claimNames: ClaimNames): Promise<RevocableName[]> {
  const { header, claims, signingInput } = token;
  const { iss } = claims;
  if (typeof iss !== 'string' || iss === '') return [];
  const found = (dimension: keyof ClaimNames) =>
    claimNames[dimension].flatMap((from) => {
      const value = claims[from];
      return typeof value === 'string' && value !== '' ? [{ dimension: dimension as string, from, value }] : [];
    });
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(signingInput)));
  const base64 = btoa(String.fromCharCode(...hash))
    .replace(/\+/g, '-')
    .replace(/\//g, '_');
  const [subjects, clients] = [found('subject'), found('client')];
  return [
    ...found('token'),
    { dimension: 'token', from: 'what was signed', value: `sha256:${base64.replace(/=/g, '')}` },
    ...found('session'),
    ...found('grant'),
    ...subjects,
    ...clients,
    ...subjects.flatMap((subject) =>
      clients.map((client) => ({
        dimension: 'subject_client',
        from: `${subject.from} + ${client.from}`,
        value: [subject.value, client.value],
      })),
    ),
    ...found('tenant'),
    ...(typeof header['kid'] === 'string' ? [{ dimension: 'key', from: 'kid', value: header['kid'] }] : []),
    { dimension: 'issuer', from: 'iss', value: iss },
  ];
}

/** 32 hex digits: the first 16 bytes of SHA-256 over `[1, dimension, issuer, value]` as JSON (docs/protocol.md). */
export async function digestOfName(issuer: string, name: RevocableName): Promise<string> {
  const text = JSON.stringify([1, name.dimension, issuer, name.value]);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Puts together what the token says and what the sidecar holds. @param names with their digests. */
export function judgeToken(
  token: DecodedToken,
  names: readonly (RevocableName & { readonly digest: string })[],
  answer: DigestsAnswer,
): Explanation {
  const { iat, exp, nbf } = token.claims;
  const now = answer.nowSeconds;
  const timeOf = (seconds: number) => {
    const date = new Date(seconds * 1000);
    const isTime = !Number.isNaN(date.getTime());
    return isTime ? `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC` : `${seconds} (no time)`;
  };
  const rows = names.map(({ dimension, from, digest }) => {
    const rule = answer.rules.find((held) => held.digest === digest);
    const cutOff = rule !== undefined && typeof iat === 'number' && iat <= rule.issuedUpTo;
    const words = rule === undefined ? 'No rule.' : rule.words.join(' ');
    return { dimension, from, digest, denied: rule !== undefined && (rule.deniesAll || cutOff), words };
  });
  const notes: string[] = [];
  if (typeof iat === 'number') notes.push(`Issued ${timeOf(iat)}.`);
  else notes.push('It has no iat: refused, because nobody could tell which cutoffs cover it.');
  if (typeof exp !== 'number') notes.push('It has no exp: refused.');
  else if (exp <= now) notes.push(`Expired ${timeOf(exp)}: refused for that. Rules of expired tokens are forgotten.`);
  else notes.push(`Expires ${timeOf(exp)}.`);
  if (typeof nbf === 'number' && nbf > now) notes.push(`Not valid before ${timeOf(nbf)}: refused until then.`);
  const longest = answer.maxTokenLifetimeSeconds;
  if (typeof iat === 'number' && typeof exp === 'number' && longest !== undefined && exp - iat > longest) {
    notes.push(`It lives ${exp - iat} s, and the log allows ${longest} s at most: refused.`);
  }
  if (names.length === 0) notes.push('It has no iss, which scopes every revocation: nothing could be looked up.');
  notes.push(
    'Not checked here: signature, key (a revocation by thumbprint included), issuer, audience, scopes. For these read ' +
      'error_description in the WWW-Authenticate header of the answer, and the metrics of the API.',
  );
  const hit = rows.find((row) => row.denied);
  if (hit !== undefined) {
    const verdict = `Revoked by its ${hit.dimension} (${hit.from}), if the API reads the ${hit.dimension} from there.`;
    return { tone: 'denied', verdict, notes, rows };
  }
  if (answer.state === 'fresh' && names.length > 0) {
    return { tone: 'clear', verdict: 'Not revoked: no rule held here denies it.', notes, rows };
  }
  const cause = answer.state === 'fresh' ? 'the token names no issuer' : `this sidecar is ${answer.state}`;
  return { tone: 'unknown', verdict: `Not known: no rule found, and ${cause}.`, notes, rows };
}
