import { type Clock, type DigestSet, digestIn, digestToBase64url, digestToHex } from '@revocast/denylist/replica';
import type { Auth } from '../decision.ts';
import type { ClientClasses } from '../options/client-classes.ts';
import type { Place, ResolvedUsage, SuspiciousUse } from '../options/usage-options.ts';
import type { Counter } from '../telemetry/middleware-metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AnyRequest } from '../token/bearer.ts';
import { ImpossibleTravelDetector } from './impossible-travel-detector.ts';
import { readPlace } from './place.ts';
import type { SeenToken } from './seen-tokens.ts';
import type { UsageReporter } from './usage-reporter.ts';
import { type UsageSeries, usageSeries } from './usage-series.ts';

export interface UsageParts {
  readonly usage: ResolvedUsage;
  readonly clientClasses: ClientClasses;
  readonly clock: Clock;
  /** Undefined where no sidecar receives reports. */
  readonly reporter: UsageReporter | undefined;
}

/** What the uses of one token need, computed once: to count a use is then a few additions. */
interface UsedToken extends SeenToken {
  readonly requests: Counter;
  readonly granted: readonly Counter[];
  /** Whose places are compared: the session, or the token if it has none. */
  readonly located: (Pick<SuspiciousUse, 'dimension' | 'digest'> & { readonly key: string }) | undefined;
}

/** Adds the use of tokens and scopes to a telemetry. Members do not throw when a hook does. */
export function withUsage(counted: Telemetry, parts: UsageParts): Telemetry {
  const { usage, clock, reporter } = parts;
  const series = usageSeries(counted.families, parts);
  const { locate } = usage;
  const detector = new ImpossibleTravelDetector(usage);
  if (counted.families !== undefined) reporter?.onResult(counted.families, series.reported);
  // Keyed by the claims: one object for all requests with the same token, also where `auth` is a copy.
  const known = new WeakMap<Auth['claims'], UsedToken>();

  // Not a member of the claims, so that routes receive no digests.
  const digestsByClaims = new WeakMap<Auth['claims'], DigestSet>();

  const describe = (auth: Auth): UsedToken => {
    const digests = digestsByClaims.get(auth.claims);
    const described = describeUse(auth, { series, clientClasses: parts.clientClasses, digests });
    known.set(auth.claims, described);
    return described;
  };
  const locateUse = ({ located }: UsedToken, request: AnyRequest, atMs: number): void => {
    const place = attempt(() => placeOf(locate?.(request)), series.locateFailed);
    if (place === undefined || located === undefined) return;
    const { key, dimension, digest } = located;
    const travel = detector.see(key, place, clock.monotonicMs());
    if (travel === undefined) return;
    series.suspicious.value += 1;
    const use: SuspiciousUse = Object.freeze({ event: 'suspicious_use', dimension, digest, ...travel, atMs });
    attempt(() => usage.onSuspiciousUse?.(use), series.onSuspiciousUseFailed);
  };

  return {
    ...counted,
    tokenDescribed({ claims }, digests) {
      digestsByClaims.set(claims, digests);
    },
    tokenUsed(auth, request) {
      const nowMs = clock.wallMs();
      const token = known.get(auth.claims) ?? describe(auth);
      token.requests.value += 1;
      for (const scope of token.granted) scope.value += 1;
      series.age.observe(Math.max(0, nowMs / 1000 - auth.issuedAt));
      if (reporter !== undefined && !reporter.see(token, nowMs)) series.overflow.value += 1;
      if (locate !== undefined) locateUse(token, request, nowMs);
    },
    scopesUsed(named, held) {
      for (const scope of named) if (held.includes(scope)) series.used(scope).value += 1;
    },
  };
}

interface UseParts {
  readonly series: UsageSeries;
  readonly clientClasses: ClientClasses;
  readonly digests: DigestSet | undefined;
}

/** The digests of the token were computed when it was verified. */
function describeUse(auth: Auth, { series, clientClasses, digests }: UseParts): UsedToken {
  const [subject, session, token] = (['subject', 'session', 'token'] as const).map(
    (dimension) => digests && digestIn(digests, dimension),
  );
  const clientClass = clientClasses.classOf(auth.clientId);
  const located = session ?? token;
  return {
    subject: subject && digestToBase64url(subject),
    token: token === undefined ? undefined : digestToBase64url(token),
    clientClass,
    round: 0,
    requests: series.requests(clientClass),
    granted: series.granted(auth.scopes),
    located: located && {
      key: digestToHex(located),
      dimension: session === undefined ? 'token' : 'session',
      digest: digestToHex(located).slice(0, 8),
    },
  };
}

/** @throws TypeError for a result that is neither a place nor undefined. */
function placeOf(answer: unknown): Place | undefined {
  if (answer === undefined) return undefined;
  const place = readPlace(answer);
  if (place !== undefined) return place;
  ignoreRejection(answer);
  throw new TypeError('locate: expected a place or undefined, and no promise');
}

/** Runs a hook. Its errors are counted, and are not a failure of the request. */
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

/** The rejection of a promise that is not awaited would end the process. */
function ignoreRejection(value: unknown, failed: () => void = () => {}): void {
  if (typeof value === 'object' && value !== null && 'then' in value) Promise.resolve(value).catch(failed);
}
