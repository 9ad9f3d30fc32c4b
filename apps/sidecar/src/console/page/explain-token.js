// Explains a pasted token. Browsers run this file unchanged, so it may use only functions of all current browsers.

/**
 * @typedef {object} DecodedToken
 * @property {Readonly<Record<string, unknown>>} header
 * @property {Readonly<Record<string, unknown>>} claims
 * @property {string} signingInput `header.payload`: the signed text
 *
 * @typedef {object} RevocableName
 * @property {string} dimension
 * @property {string} from the claim or header parameter that holds the value
 * @property {string | readonly string[]} value
 *
 * @typedef {object} DigestsAnswer answer of `GET /console/digests`
 * @property {number} nowSeconds
 * @property {'cold' | 'fresh' | 'stale'} state
 * @property {number} [maxTokenLifetimeSeconds]
 * @property {readonly { digest: string, deniesAll: boolean, issuedUpTo: number, words: readonly string[], stated?: Stated }[]} rules
 *
 * @typedef {object} Stated the last statement about a value
 * @property {string} kind `revoke` or `lift`
 * @property {number} loggedAtMs
 * @property {string} [reason]
 * @property {string} [actor]
 *
 * @typedef {object} ExplainedName
 * @property {string} dimension
 * @property {string} from
 * @property {string} digest
 * @property {boolean} denied
 * @property {string} words
 *
 * @typedef {object} Explanation
 * @property {'denied' | 'clear' | 'unknown'} tone
 * @property {string} verdict
 * @property {readonly string[]} notes
 * @property {readonly ExplainedName[]} rows
 */

/** Every claim from which a profile of `protect()` reads a dimension. The page tries all: each API has its own profile. */
export const claimNames = Object.freeze({
  token: ['jti', 'uti'],
  session: ['sid'],
  grant: ['grant_id', 'origin_jti'],
  subject: ['sub', 'uid', 'oid'],
  client: ['client_id', 'azp', 'cid', 'appid'],
  tenant: ['tid', 'org_id'],
});

/**
 * @param {string} text a JWT, with or without the prefix `Bearer` or `Authorization: Bearer`
 * @returns {DecodedToken | string} an error text if the text is not a JWT
 */
export function decodeToken(text) {
  const jwt = text.trim().replace(/^(authorization:\s*)?(bearer\s+)?/i, '');
  const parts = jwt.split('.');
  const [first = '', second = ''] = parts;
  if (parts.length === 5) return 'This is an encrypted token (five parts): only its recipient can read it.';
  if (parts.length !== 3) return `A signed JWT has three parts with dots between them; this has ${parts.length}.`;
  const header = readPart(first);
  if (header === undefined) return 'The first part is not a JSON object in base64url.';
  const claims = readPart(second);
  if (claims === undefined) return 'The second part is not a JSON object in base64url.';
  return { header, claims, signingInput: `${first}.${second}` };
}

/**
 * @param {string} part base64url
 * @returns {Record<string, unknown> | undefined}
 */
function readPart(part) {
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (byte) => byte.charCodeAt(0));
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} text
 * @returns {Promise<Uint8Array>}
 */
async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

/**
 * Every name under which a revocation may cover the token. Empty without an issuer, because every name belongs to one.
 *
 * @param {DecodedToken} token
 * @returns {Promise<RevocableName[]>}
 */
export async function revocableNames({ header, claims, signingInput }) {
  const { iss } = claims;
  if (typeof iss !== 'string' || iss === '') return [];
  /** @param {keyof typeof claimNames} dimension */
  const found = (dimension) =>
    claimNames[dimension].flatMap((from) => {
      const value = claims[from];
      return typeof value === 'string' && value !== '' ? [{ dimension, from, value }] : [];
    });
  const base64 = btoa(String.fromCharCode(...(await sha256(signingInput))));
  const signed = base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
  const [subjects, clients] = [found('subject'), found('client')];
  const pairs = subjects.flatMap((subject) =>
    clients.map((client) => ({
      dimension: 'subject_client',
      from: `${subject.from} + ${client.from}`,
      value: [subject.value, client.value],
    })),
  );
  const { kid } = header;
  return [
    ...found('token'),
    { dimension: 'token', from: 'the signed text', value: `sha256:${signed}` },
    ...found('session'),
    ...found('grant'),
    ...subjects,
    ...clients,
    ...pairs,
    ...found('tenant'),
    ...(typeof kid === 'string' ? [{ dimension: 'key', from: 'kid', value: kid }] : []),
    { dimension: 'issuer', from: 'iss', value: iss },
  ];
}

/**
 * 32 hex digits: the first 16 bytes of SHA-256 over `[1, dimension, issuer, value]` as JSON (docs/protocol.md).
 *
 * @param {string} issuer
 * @param {RevocableName} name
 */
export async function digestOfName(issuer, { dimension, value }) {
  const hash = await sha256(JSON.stringify([1, dimension, issuer, value]));
  return Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {number} seconds */
function timeOf(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds} (not a time)`;
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/**
 * Sentences about the times of the token and their effect on its acceptance.
 *
 * @param {Readonly<Record<string, unknown>>} claims
 * @param {DigestsAnswer} answer
 */
function notesOnTimes({ iat, exp, nbf }, { nowSeconds, maxTokenLifetimeSeconds: longest }) {
  const notes = [];
  if (typeof iat === 'number') notes.push(`Issued ${timeOf(iat)}.`);
  else notes.push('It has no iat: rejected, because a cutoff compares the iat.');
  if (typeof exp !== 'number') notes.push('It has no exp: rejected.');
  else if (exp <= nowSeconds) notes.push(`Expired ${timeOf(exp)}: rejected. Rules of expired tokens are removed.`);
  else notes.push(`Expires ${timeOf(exp)}.`);
  if (typeof nbf === 'number' && nbf > nowSeconds) notes.push(`Not valid before ${timeOf(nbf)}: rejected until then.`);
  if (typeof iat === 'number' && typeof exp === 'number' && longest !== undefined && exp - iat > longest) {
    notes.push(`Its lifetime is ${exp - iat} s, and the log allows at most ${longest} s: rejected.`);
  }
  return notes;
}

/**
 * When, why and by whom the last statement about a value was made.
 *
 * @param {Stated | undefined} stated
 */
function describeStatement(stated) {
  if (stated === undefined) return 'When, why and by whom is not kept here: it came with a snapshot, or is too old.';
  const { kind, loggedAtMs, reason, actor } = stated;
  const what = kind === 'lift' ? 'Lifted' : `Revoked (${reason ?? 'no reason given'})`;
  return `${what} on ${timeOf(Math.floor(loggedAtMs / 1000))} by ${actor ?? 'an actor that is not given'}.`;
}

/**
 * Decides whether a rule of the sidecar denies the token.
 *
 * @param {DecodedToken} token
 * @param {readonly (RevocableName & { readonly digest: string })[]} names
 * @param {DigestsAnswer} answer
 * @returns {Explanation}
 */
export function judgeToken({ claims }, names, answer) {
  const { iat } = claims;
  const rows = names.map(({ dimension, from, digest }) => {
    const rule = answer.rules.find((held) => held.digest === digest);
    const cutOff = rule !== undefined && typeof iat === 'number' && iat <= rule.issuedUpTo;
    const words = rule === undefined ? 'No rule.' : [...rule.words, describeStatement(rule.stated)].join(' ');
    return { dimension, from, digest, denied: rule !== undefined && (rule.deniesAll || cutOff), words };
  });
  const notes = notesOnTimes(claims, answer);
  if (names.length === 0) notes.push('It has no iss, which scopes every revocation: the look-up was not possible.');
  notes.push(
    'Not checked here: signature, key (and a revocation by its thumbprint), issuer, audience, scopes. For these read ' +
      'error_description in the WWW-Authenticate header of the answer, and the metrics of the API.',
  );
  const hit = rows.find((row) => row.denied);
  if (hit !== undefined) {
    const verdict = `Revoked by its ${hit.dimension} (${hit.from}), if the API reads the ${hit.dimension} from there.`;
    return { tone: 'denied', verdict, notes, rows };
  }
  if (answer.state === 'fresh' && names.length > 0) {
    return { tone: 'clear', verdict: 'Not revoked: no rule of this sidecar denies it.', notes, rows };
  }
  const cause = answer.state === 'fresh' ? 'the token names no issuer' : `this sidecar is ${answer.state}`;
  return { tone: 'unknown', verdict: `Unknown: no rule found, and ${cause}.`, notes, rows };
}
