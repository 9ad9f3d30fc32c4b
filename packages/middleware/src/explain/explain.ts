import { type Dimension, digestOf, digestToHex, systemClock, withTimeout } from '@revocast/denylist/replica';
import { readConfirmation } from '../binding/confirmation.ts';
import type { Scheme } from '../binding/possession.ts';
import type { RejectionReason } from '../errors.ts';
import { isIssuerUrl } from '../issuers/issuer-url.ts';
import { policyOf } from '../issuers/trusted-issuer.ts';
import { parseKeySet } from '../jwks/parse-key-set.ts';
import { selectKey } from '../jwks/select-key.ts';
import type { VerificationKey } from '../jwks/verification-key.ts';
import { type ResolvedOptions, resolveOptions, type VerifierOptions } from '../options/options.ts';
import type { ClaimMap } from '../options/profiles.ts';
import type { ResolvedIssuer, ResolvedIssuerResolver } from '../options/resolve-issuers.ts';
import { readBearer } from '../token/bearer.ts';
import type { Check, TokenUnderTest } from '../token/claims.ts';
import { type CompactToken, parseCompact } from '../token/compact.ts';
import { revocableValues } from '../token/dimensions.ts';
import { verifySignature } from '../token/signature.ts';
import { checksAfterSignature, checksBeforeSignature } from '../verify-access-token.ts';
import { explainedChecks, kindOf, nearest, oneOf } from './explained-checks.ts';
import { fixes } from './fixes.ts';

/** One check, in the order of docs/verification.md. Of the token it contains only kinds, names and times. */
export interface ExplainedCheck {
  readonly check: string;
  /** `skipped`: not possible after an earlier failure, or without a key, proof or certificate. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly expected: string;
  readonly found: string;
  /** Of failed checks. */
  readonly reason?: RejectionReason;
  /** How to fix it. */
  readonly fix?: string;
}

export interface Explanation {
  /** `undecided`: no check failed, but keys, a proof or a certificate are missing. Revocation is never checked. */
  readonly outcome: 'accepted' | 'rejected' | 'undecided';
  /** The reason of the first failed check, which a verifier with these options returns. */
  readonly reason?: RejectionReason;
  readonly checks: readonly ExplainedCheck[];
  /**
   * The digests of every value by which a revocation can deny the token: 32 hex digits each, in which no value can be read.
   * Empty for a token that cannot be decoded, or of another issuer. Without keys, the thumbprint of its key is missing.
   */
  readonly revocableBy: readonly RevocableBy[];
  /** `iat` in whole claim seconds, which a cutoff is compared with; absent when the token has none. */
  readonly issuedAt?: number;
}

export interface RevocableBy {
  readonly dimension: Dimension;
  readonly digest: string;
}

/**
 * Explains why a token is or is not accepted: every check in order, with what it expects, what it found and how to fix it.
 * It continues after a failure, so that it shows two mistakes at once. For people at a terminal and for tests. It makes no
 * request: keys are those of the option `jwks`.
 *
 * @param token the token, or the complete value of an `Authorization` field. No part of it is in the result.
 * @param options those of the verifier. With `issuers: { resolve }` the hook is called.
 * @param moment `nowMs`: Unix milliseconds at which the token is checked; default now.
 * @throws ConfigurationError for invalid options; the error of `issuers.resolve`.
 */
export async function explain(
  token: string,
  options: VerifierOptions,
  { nowMs = systemClock.wallMs() }: { readonly nowMs?: number | undefined } = {},
): Promise<Explanation> {
  const resolved = resolveOptions(options);
  const checks: ExplainedCheck[] = [];
  const subject = await explainToken(token, { options: resolved, nowMs, checks });
  const revocation = { revocableBy: subject?.revocableBy ?? [], issuedAt: subject?.issuedAt };
  const failure = checks.find(({ outcome }) => outcome === 'failed');
  if (failure?.reason !== undefined) return { outcome: 'rejected', reason: failure.reason, checks, ...revocation };
  const undecided = checks.some(({ check, outcome }) => ['signature', 'cnf'].includes(check) && outcome === 'skipped');
  return { outcome: undecided ? 'undecided' : 'accepted', checks, ...revocation };
}

interface Explaining {
  readonly options: ResolvedOptions;
  readonly nowMs: number;
  readonly checks: ExplainedCheck[];
}

/** @returns what a revocation can name; undefined for a token that cannot be decoded, or of another issuer. */
async function explainToken(
  given: string,
  explaining: Explaining,
): Promise<Pick<Explanation, 'revocableBy' | 'issuedAt'> | undefined> {
  const { options, nowMs, checks } = explaining;
  const authorization = /\s/.test(given) ? given : `Bearer ${given}`;
  const credentials = readBearer({ headers: { authorization } }, options.maxTokenBytes);
  const schemes: readonly Scheme[] = !options.dpop ? ['bearer'] : options.dpop.required ? ['dpop'] : ['bearer', 'dpop'];
  const field = { check: 'Authorization', expected: `${oneOf(schemes)}, spaces, one token`, found: kindOf(given) };
  if (credentials.kind !== 'token' || !schemes.includes(credentials.scheme)) {
    checks.push(failed(field, credentials.kind === 'refused' ? credentials.reason : 'unsupported_scheme'));
    return undefined;
  }
  checks.push(passed(field));

  const parsed = parseCompact(credentials.token, options.maxTokenBytes);
  const structure = {
    check: 'structure',
    expected: 'three parts of canonical base64url, JSON objects without repeated members, no crit',
    found: `${credentials.token.split('.').length} parts, ${credentials.token.length} characters`,
  };
  if (!parsed.ok) {
    checks.push(failed(structure, parsed.reason));
    return undefined;
  }
  checks.push(passed(structure));

  const issuer = await explainIssuer(parsed, explaining);
  if (issuer === undefined) return undefined;
  const underTest: TokenUnderTest = {
    header: parsed.header,
    claims: parsed.payload,
    policy: policyOf(issuer, options),
    nowMs,
  };
  for (const check of checksBeforeSignature) checks.push(explainCheck(check, underTest));
  const key = await explainSignature(parsed, issuer, explaining);
  for (const check of checksAfterSignature) checks.push(explainCheck(check, underTest));
  checks.push(explainBinding(parsed, credentials.scheme));
  checks.push({
    check: 'revocation',
    outcome: 'skipped',
    expected: options.revocation === null ? 'switched off' : 'no rule of the denylist',
    found: 'not checked here: only a verifier with a fresh feed can decide',
  });
  return describeRevocable(parsed, issuer, { key, claimMap: underTest.policy.claimMap });
}

interface Revocable {
  readonly key: VerificationKey | undefined;
  readonly claimMap: ClaimMap;
}

function describeRevocable({ header, payload, signingInput }: CompactToken, issuer: ResolvedIssuer, parts: Revocable) {
  const token = { issuer: issuer.issuer, claims: payload, signingInput };
  const values = revocableValues(token, parts.claimMap, parts.key ?? header.kid);
  const { iat } = payload;
  return {
    revocableBy: values.map((value) => ({ dimension: value.dimension, digest: digestToHex(digestOf(value)) })),
    issuedAt: typeof iat === 'number' && Number.isFinite(iat) ? Math.floor(iat) : undefined,
  };
}

async function explainIssuer(
  { payload: { iss } }: CompactToken,
  { options, checks }: Explaining,
): Promise<ResolvedIssuer | undefined> {
  const { issuers, issuerResolver } = options;
  const names = issuers.map(({ issuer }) => issuer);
  const expected =
    issuerResolver === undefined ? oneOf(names) : 'an https URL for which issuers.resolve returns a description';
  const described = { check: 'iss', expected, found: nearest(iss, names) };
  if (typeof iss !== 'string' || iss === '') {
    checks.push(failed(described, iss === undefined ? 'missing_claim' : 'invalid_claim'));
    return undefined;
  }
  const issuer = issuerResolver
    ? isIssuerUrl(iss, options.dangerouslyAllowHttp)
      ? await callHook(issuerResolver, iss)
      : undefined
    : issuers.find(({ issuer: trusted }) => trusted === iss);
  checks.push(issuer === undefined ? failed(described, 'untrusted_issuer') : passed(described));
  return issuer;
}

async function callHook({ describe, timeoutMs }: ResolvedIssuerResolver, iss: string) {
  const described = await withTimeout(describe(iss), { clock: systemClock, timeoutMs, late: 'late' as const });
  if (described === 'late') throw new Error(`issuers.resolve did not settle within ${timeoutMs} ms`);
  return described;
}

/** Checks only that the binding fits the scheme: a proof or a certificate belongs to a request. */
function explainBinding({ payload }: CompactToken, scheme: Scheme): ExplainedCheck {
  const confirmation = readConfirmation(payload);
  const { jkt, certificate } = typeof confirmation === 'object' ? confirmation : {};
  const bound = [jkt && 'jkt', certificate && 'certificate'].filter(Boolean).join(', ');
  const expected = scheme === 'dpop' ? 'a jkt for the scheme DPoP' : 'no jkt for the scheme Bearer';
  const described = {
    check: 'cnf',
    expected,
    found: bound || (confirmation === 'unsupported' ? confirmation : 'nothing'),
  };
  if (confirmation === 'unsupported' || (scheme === 'dpop') !== (jkt !== undefined)) {
    return failed(described, 'binding_mismatch');
  }
  return bound === '' ? passed(described) : { ...described, outcome: 'skipped', fix: fixes.binding_mismatch };
}

function explainCheck(check: Check, token: TokenUnderTest): ExplainedCheck {
  const words = explainedChecks.get(check);
  const described = {
    check: words?.name ?? 'unnamed',
    expected: words?.expected(token) ?? '',
    found: words?.found(token) ?? '',
  };
  const reason = check(token);
  return reason === undefined ? passed(described) : failed(described, reason);
}

async function explainSignature(
  parsed: CompactToken,
  issuer: ResolvedIssuer,
  { options, checks }: Explaining,
): Promise<VerificationKey | undefined> {
  const { alg, kid } = parsed.header;
  const { maxKeys, maxRsaBits } = options.keySet;
  const set = 'jwks' in issuer.keys ? parseKeySet(issuer.keys.jwks, maxKeys, maxRsaBits) : undefined;
  const key = { check: 'kid', expected: 'the one key of the issuer that fits kid and alg', found: kindOf(kid) };
  const signature = { check: 'signature', expected: 'made by that key over this header and these claims' };
  if (set === undefined || !set.ok) {
    const missing = 'no keys to check with';
    const fix = 'Pass the keys as `jwks: { keys: […] }`: nothing is fetched here.';
    checks.push({ ...key, outcome: 'skipped', found: missing, fix });
    checks.push({ ...signature, outcome: 'skipped', found: missing, fix });
    return undefined;
  }
  const selection = selectKey(set.keySet, { kid, alg });
  if (selection.outcome === 'rejected') {
    checks.push(failed({ ...key, found: `${kindOf(kid)}; ${set.keySet.keys.length} usable keys` }, selection.reason));
    checks.push({ ...signature, outcome: 'skipped', found: 'no key to check with' });
    return undefined;
  }
  checks.push(passed({ ...key, found: `a key for ${selection.key.algorithms.join(', ')}` }));
  const isGenuine = await verifySignature(parsed, alg, selection.key);
  const found = `${parsed.signature.length} bytes`;
  checks.push(isGenuine ? passed({ ...signature, found }) : failed({ ...signature, found }, 'bad_signature'));
  return selection.key;
}

type Described = Pick<ExplainedCheck, 'check' | 'expected' | 'found'>;

function passed(described: Described): ExplainedCheck {
  return { ...described, outcome: 'passed' };
}

function failed(described: Described, reason: RejectionReason): ExplainedCheck {
  return { ...described, outcome: 'failed', reason, fix: fixes[reason] };
}
