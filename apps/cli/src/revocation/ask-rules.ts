import { isJsonObject, type JsonObject, parseJsonObject } from '@revocast/denylist/replica';
import { readTokenFile, type SourceOptions } from '../options/source-options.ts';
import { askSidecar } from '../questions/ask-sidecar.ts';
import { isCertificateFailure } from '../questions/get-text.ts';
import type { World } from '../world.ts';
import type { Question, RevocationAnswer, Stated } from './answer.ts';

const defaultTimeoutMs = 3000;

/** Asks a sidecar which of the digests have a rule, and decides as a verifier does. */
export async function askRules(
  { names, issuedAt }: Question,
  url: string,
  options: SourceOptions & { readonly timeout?: number },
  world: World,
): Promise<RevocationAnswer> {
  const { timeout: timeoutMs = defaultTimeoutMs, dangerouslyAllowHttp } = options;
  const tokenFile = readTokenFile(options, world);
  const ask = askSidecar({ url, option: '--source', tokenFile, dangerouslyAllowHttp, timeoutMs }, world);
  const query = names.map(({ digest }) => `d=${digest}`).join('&');
  const got = await ask(`/console/digests?${query}`);
  if (!got.ok)
    return { state: 'unknown', why: `the sidecar does not answer: ${got.failure}`, fix: fixFor(got.failure) };
  const body = parseJsonObject(got.body);
  if (got.status !== 200 || body === undefined) return refused(got.status);
  const { rules, state, cause, restartedAtSeconds } = body;
  const held = Array.isArray(rules) ? rules.filter(isJsonObject) : [];
  for (const { dimension, digest } of names) {
    const rule = held.find((each) => each['digest'] === digest);
    if (rule !== undefined && denies(rule, issuedAt)) {
      return { state: 'revoked', dimension, stated: readStated(rule['stated']) };
    }
  }
  if (state !== 'fresh') {
    const why = `the sidecar is ${String(state)}${typeof cause === 'string' ? ` (${cause})` : ''}, so a missing rule proves nothing`;
    return { state: 'unknown', why, fix: 'Run: revocast status' };
  }
  if (typeof restartedAtSeconds === 'number' && issuedAt <= restartedAtSeconds) {
    return { state: 'too_old', restartedAtSeconds };
  }
  return { state: 'not_revoked' };
}

function denies({ deniesAll, issuedUpTo }: JsonObject, issuedAt: number): boolean {
  return deniesAll === true || (typeof issuedUpTo === 'number' && issuedAt <= issuedUpTo);
}

function readStated(value: unknown): Stated | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, loggedAtMs, reason, actor } = value;
  if (typeof kind !== 'string' || typeof loggedAtMs !== 'number') return undefined;
  return {
    kind,
    loggedAtMs,
    reason: typeof reason === 'string' ? reason : undefined,
    actor: typeof actor === 'string' ? actor : undefined,
  };
}

function refused(status: number): RevocationAnswer {
  const fix =
    status === 401 || status === 403
      ? 'Give a token of that sidecar that may read: --token-file, or REVOCAST_TOKEN_FILE.'
      : 'Check that --source names the data listener of a sidecar of this version.';
  return { state: 'unknown', why: `the sidecar answered ${status}`, fix };
}

function fixFor(failure: string): string {
  if (isCertificateFailure(failure)) return 'Name the authority of the sidecar: --source https://…?ca=/path';
  return 'Name the sidecar or the log with --source (REVOCAST_SOURCE).';
}
