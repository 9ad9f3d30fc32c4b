import type { Clock } from '../../clock.ts';
import { encodeAppendRequest } from '../../codec/append-request.ts';
import { encodeSeeds, maxSeeds } from '../../codec/seeds.ts';
import { type Enforcement, issuerTrusts, nothingKnown } from '../../log/enforcement.ts';
import { isIdentity } from '../../log/expect-log.ts';
import { FeedError } from '../../log/feed.ts';
import {
  type Appended,
  LogError,
  type LogErrorCode,
  type LostRule,
  logErrorCodes,
  type Restored,
  type RevocationLog,
} from '../../log/revocation-log.ts';
import { digestFromHex } from '../../rules/digest.ts';
import { dimensions } from '../../rules/revocation.ts';
import type { HttpSource } from '../../sources/source.ts';
import { paths } from '../wire/wire.ts';
import { get, type HttpClient, post, readAll } from './client.ts';

/** The log behind a sidecar: what is appended here it appends to its own source. */
export function createHttpLog(
  source: HttpSource,
  { clock, ...token }: { readonly clock: Clock; readonly tokenFile?: string },
): RevocationLog {
  const closed = new AbortController();
  // A script that only revokes must not end before it has.
  const client: HttpClient = { source, signal: closed.signal, keepAlive: true, ...token };
  return {
    async append(request) {
      let answered: Awaited<ReturnType<typeof post>>;
      let body: Uint8Array;
      try {
        answered = await post(client, paths.revocations, encodeAppendRequest(request));
        body = await readAll(answered, 64 * 1024);
      } catch (error) {
        // Without a connection, or without a token to send, nothing was sent; after that the request may have arrived.
        const reached = !(error instanceof FeedError && ['unreachable', 'no_permission'].includes(error.code));
        throw reached
          ? new LogError('outcome_unknown', `${source.name} did not answer; retry with the same id`, { cause: error })
          : new LogError('unavailable', `nothing was revoked: ${source.name} cannot be reached`, { cause: error });
      }
      const appended = readAnswer(answered.statusCode ?? 0, body, source.name);
      if (request.expectLog === undefined || appended.identity === request.expectLog) return appended;
      throw new LogError(
        'outcome_unknown',
        `${source.name} does not say to which log it has written: expected ${request.expectLog}; upgrade that sidecar`,
      );
    },
    async restore(rules) {
      let restored = 0;
      let refused = 0;
      for (let from = 0; from < rules.length; from += maxSeeds) {
        const answer = await sendSeeds(client, rules.slice(from, from + maxSeeds));
        restored += answer.restored;
        refused += answer.refused;
      }
      return { restored, refused };
    },
    async denial(id, liftId) {
      let status: number;
      let parsed: Record<string, unknown>;
      try {
        // A sidecar of the last release ignores `lift`.
        const query = new URLSearchParams(liftId === undefined ? { id } : { id, lift: liftId });
        const response = await get(client, `${paths.revocations}?${query}`);
        status = response.statusCode ?? 0;
        parsed = parseObject(await readAll(response, 4096));
      } catch (error) {
        throw new LogError('unavailable', `nothing was lifted: ${source.name} cannot tell`, { cause: error });
      }
      const digest = typeof parsed.digest === 'string' ? digestFromHex(parsed.digest) : undefined;
      const dimension = dimensions.find((known) => known === parsed.dimension);
      if (status === 200 && digest !== undefined && dimension !== undefined) return { digest, dimension };
      throw (
        failureIn(status, parsed, source.name) ??
        new LogError('unavailable', `nothing was lifted: ${source.name} answered ${status}`)
      );
    },
    async enforcement({ epoch, head, cursor, issuer }) {
      try {
        const query = new URLSearchParams({ epoch, head, cursor });
        if (issuer !== undefined) query.set('issuer', issuer);
        const response = await get(client, `${paths.enforcement}?${query}`);
        return readEnforcement(response.statusCode ?? 0, await readAll(response, 4 * 1024 * 1024));
      } catch (error) {
        throw new LogError('unavailable', `${source.name} cannot tell who has it`, { cause: error });
      }
    },
    async time() {
      const askedAtMs = clock.monotonicMs();
      const response = await get(client, paths.fresh);
      const { logNowMs } = parseObject(await readAll(response, 4096));
      const roundTripMs = clock.monotonicMs() - askedAtMs;
      if (typeof logNowMs !== 'number' || !Number.isFinite(logNowMs))
        throw new FeedError('not_ready', `${source.name} knows no log time`);
      return { logMs: logNowMs, monotonicMs: askedAtMs + roundTripMs / 2, roundTripMs };
    },
    async close() {
      closed.abort();
    },
  };
}

function readEnforcement(status: number, body: Uint8Array): Enforcement {
  const { enforced, expected, expired, missing, failOpen, mayRememberLookUp, known, ...rest } = parseObject(body);
  const counts = [enforced, expected, expired, failOpen];
  const wellFormed = status === 200 && Array.isArray(missing) && typeof known === 'boolean';
  if (!wellFormed || !counts.every((count) => typeof count === 'number')) return nothingKnown;
  return {
    enforced: Number(enforced),
    expected: Number(expected),
    expired: Number(expired),
    failOpen: Number(failOpen),
    missing: missing.map(String),
    // A sidecar of the last release does not say, and unknown counts as true.
    mayRememberLookUp: mayRememberLookUp !== false,
    known,
    issuerTrustedBy: issuerTrusts.find((trust) => trust === rest['issuerTrustedBy']) ?? 'unknown',
  };
}

function readAnswer(status: number, body: Uint8Array, name: string): Appended {
  const parsed = parseObject(body);
  if (status === 201) {
    const { epoch, head, cursor, loggedAtMs, redisReplicas, redisReplicasUnknown, evictionPolicy, repeated, identity } =
      parsed;
    if (
      typeof epoch === 'string' &&
      typeof head === 'string' &&
      typeof loggedAtMs === 'number' &&
      typeof redisReplicas === 'number'
    ) {
      return {
        epoch,
        head,
        cursor: typeof cursor === 'string' ? cursor : '',
        loggedAtMs,
        redisReplicas: redisReplicasUnknown === true ? null : redisReplicas,
        evictionPolicy: evictionPolicy === 'safe' || evictionPolicy === 'unsafe' ? evictionPolicy : undefined,
        repeated: repeated === true,
        identity: isIdentity(identity) ? identity : undefined,
      };
    }
  }
  throw (
    failureIn(status, parsed, name) ??
    new LogError('outcome_unknown', `${name} answered ${status}; retry with the same id`)
  );
}

/** @returns undefined when the outcome is unknown. */
function failureIn(
  status: number,
  { error, message, remedy }: Record<string, unknown>,
  name: string,
): LogError | undefined {
  const code: LogErrorCode | undefined = logErrorCodes.find((known) => known === error);
  if (code !== undefined) return new LogError(code, typeof message === 'string' ? message : code);
  if (status === 401 || status === 403) {
    return new LogError('unavailable', `nothing was revoked: ${name} ${whyRefused(status, error, remedy)}`);
  }
  if (status === 400 || status === 404) {
    const what = typeof message === 'string' ? message : 'it takes no revocations';
    return new LogError('refused', `${name} answered ${status}: ${what}`);
  }
  return undefined;
}

/** Why a sidecar takes no revocation from this process, and how to fix it. */
function whyRefused(status: number, error: unknown, remedy: unknown): string {
  if (error === 'writes_off') {
    return 'takes no revocations: its option writeTokenFile is not set (writes_off); set it there and name the same file as tokenFile (--token-file) here, or publish to the log itself';
  }
  if (status === 401) {
    return 'takes revocations with a bearer token only; expected one that its writeTokenFile contains, as tokenFile (--token-file), found none that it accepts';
  }
  return `refused it (${typeof error === 'string' ? error : status})${typeof remedy === 'string' ? `: ${remedy}` : ''}`;
}

function parseObject(body: Uint8Array): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {}; // not ours: judged by its status
  }
}

async function sendSeeds(client: HttpClient, rules: readonly LostRule[]): Promise<Restored> {
  const { name } = client.source;
  let status: number;
  let parsed: Record<string, unknown>;
  try {
    const response = await post(client, paths.seeds, encodeSeeds(rules));
    status = response.statusCode ?? 0;
    parsed = parseObject(await readAll(response, 4096));
  } catch (error) {
    throw new LogError('unavailable', `${name} cannot be reached, so no rule was restored`, { cause: error });
  }
  const { restored, refused } = parsed;
  if (status === 200 && typeof restored === 'number' && typeof refused === 'number') return { restored, refused };
  const fix = status === 401 || status === 403 ? ': it takes lost rules with its relay token only' : '';
  throw new LogError('unavailable', `no rule was restored, ${name} answered ${status}${fix}`);
}
