import { type Clock, digestIn, digestToBase64url, digestToHex } from '@revocast/denylist/replica';
import type { Auth } from '../decision.ts';
import type { ClientClasses } from '../options/client-classes.ts';
import type { Place, ResolvedUsage, SuspiciousUse } from '../options/usage-options.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import { digestsOf } from '../token/verified-token.ts';
import { ImpossibleTravelDetector } from './impossible-travel-detector.ts';
import { readPlace } from './place.ts';
import type { SeenToken } from './seen-tokens.ts';
import type { UsageReporter } from './usage-reporter.ts';
import { type Counter, type UsageSeries, usageSeries } from './usage-series.ts';

export interface UsageParts {
  readonly usage: ResolvedUsage;
  readonly clientClasses: ClientClasses;
  readonly clock: Clock;
  /** Undefined where there is nobody to report to. */
  readonly reporter: UsageReporter | undefined;
}

/** All that a use of a known token needs: counting it is then a handful of additions. */
interface UsedToken extends SeenToken {
  readonly requests: Counter;
  readonly granted: readonly Counter[];
  /** Who is followed from place to place: the session, or a token that names none. */
  readonly traveller: (Pick<SuspiciousUse, 'dimension' | 'digest'> & { readonly key: string }) | undefined;
}

/** Adds to what is counted anyway how tokens and scopes are used. Members do not throw, whatever a hook does. */
export function withUsage(counted: Telemetry, parts: UsageParts): Telemetry {
  const { usage, clock, reporter } = parts;
  const series = usageSeries(counted.families, parts);
  const { locate } = usage;
  const travels = new ImpossibleTravelDetector(usage);
  if (counted.families !== undefined) reporter?.onResult(counted.families, series.reported);
  // By the claims: one object for all requests with the same token, also where `auth` is a copy.
  const known = new WeakMap<Auth['claims'], UsedToken>();

  const describe = (auth: Auth): UsedToken => {
    const described = describeUse(auth, series, parts.clientClasses);
    known.set(auth.claims, described);
    return described;
  };
  const follow = (token: UsedToken, request: RequestWithHeaders, atMs: number): void => {
    const place = attempt(() => placeOf(locate?.(request)), series.locateFailed);
    if (place === undefined || token.traveller === undefined) return;
    const { key, dimension, digest } = token.traveller;
    const travel = travels.arrive(key, place, clock.monotonicMs());
    if (travel === undefined) return;
    series.suspicious.value += 1;
    const use: SuspiciousUse = Object.freeze({ event: 'suspicious_use', dimension, digest, ...travel, atMs });
    attempt(() => usage.onSuspiciousUse?.(use), series.onSuspiciousUseFailed);
  };

  return {
    ...counted,
    tokenUsed(auth, request) {
      const nowMs = clock.wallMs();
      const token = known.get(auth.claims) ?? describe(auth);
      token.requests.value += 1;
      for (const scope of token.granted) scope.value += 1;
      series.age.observe(Math.max(0, nowMs / 1000 - auth.issuedAt));
      if (reporter !== undefined && !reporter.see(token, nowMs)) series.overflow.value += 1;
      if (locate !== undefined) follow(token, request, nowMs);
    },
    scopesUsed(named, held) {
      for (const scope of named) if (held.includes(scope)) series.used(scope).value += 1;
    },
  };
}

/** A digest of its own for each dimension that is counted or followed; computed when the token was verified. */
function describeUse(auth: Auth, series: UsageSeries, clientClasses: ClientClasses): UsedToken {
  const digests = digestsOf(auth);
  const [subject, session, token] = (['subject', 'session', 'token'] as const).map(
    (dimension) => digests && digestIn(digests, dimension),
  );
  const clientClass = clientClasses.classOf(auth.clientId);
  const followed = session ?? token;
  return {
    subject: subject && digestToBase64url(subject),
    token: token === undefined ? undefined : digestToBase64url(token),
    clientClass,
    round: 0,
    requests: series.requests(clientClass),
    granted: series.granted(auth.scopes),
    traveller: followed && {
      key: digestToHex(followed),
      dimension: session === undefined ? 'token' : 'session',
      digest: digestToHex(followed).slice(0, 8),
    },
  };
}

/** @throws TypeError for an answer that is neither a place nor undefined. */
function placeOf(answer: unknown): Place | undefined {
  if (answer === undefined) return undefined;
  const place = readPlace(answer);
  if (place !== undefined) return place;
  ignoreRejection(answer);
  throw new TypeError('locate: expected a place or undefined, at once');
}

/** Runs somebody else's code: what it throws or rejects is counted, and never a failure of the request. */
function attempt<Answer>(hook: () => Answer, failed: () => void): Answer | undefined {
  try {
    const answer = hook();
    ignoreRejection(answer, failed);
    return answer;
  } catch {
    failed();
    return undefined;
  }
}

/** A promise that nobody waits for must not end the process when it rejects. */
function ignoreRejection(value: unknown, failed: () => void = () => {}): void {
  if (typeof value === 'object' && value !== null && 'then' in value) Promise.resolve(value).catch(failed);
}
