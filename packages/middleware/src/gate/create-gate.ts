import type { Auth } from '../decision.ts';
import type { TokenError, UnavailableError } from '../errors.ts';
import { type GivenOptions, group, optional } from '../options/option-table.ts';
import type { VerifierOptions } from '../options/options.ts';
import { readStrings } from '../options/read-option.ts';
import type { AnyRequest } from '../token/bearer.ts';
import { verifierOf } from '../verifier/create-verifier.ts';
import type { Verifier } from '../verifier/verifier.ts';
import { partsOf } from '../verifier/verifier-parts.ts';
import type { Admission, Passage as Concluded } from './admission.ts';
import { Gate } from './gate.ts';
import { passageTable } from './gate-options.ts';
import { errorOf, headersWithBody, type Refusal } from './refusal.ts';
import { type Requirement, requiredScopes, requiredStepUp, type StepUpOptions } from './requirement.ts';

const createGateTable = {
  ...passageTable,
  /** Scopes that the token must all have; otherwise 403, as `requireScope`. */
  scopes: optional<Requirement, readonly string[]>({
    bounds: 'scopes of RFC 6749 §3.3',
    read: (name, value) => requiredScopes(name, readStrings(name, value), 'every'),
  }),
  /** Scopes of which the token must have at least one; otherwise 403, as `requireAnyScope`. */
  anyScopes: optional<Requirement, readonly string[]>({
    bounds: 'scopes of RFC 6749 §3.3',
    read: (name, value) => requiredScopes(name, readStrings(name, value), 'some'),
  }),
  /** How strongly and recently the user must have authenticated; otherwise 401, as `requireStepUp`. */
  stepUp: optional<Requirement, StepUpOptions>({
    bounds: 'acr, maxAgeSeconds or both',
    read: (name, value) => requiredStepUp(name, value as StepUpOptions), // checked by its own table
  }),
};

export type GateOptions = GivenOptions<typeof createGateTable>;

/** The request passes. */
export interface Passed {
  readonly pass: true;
  /** Undefined for an anonymous request, and in report-only mode. */
  readonly auth: Auth | undefined;
  /** To be set on the response: the DPoP nonce for the next proof (RFC 9449 §8.2), or nothing. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The request does not pass, with the complete answer: status, headers and body are all that the client may see. */
export interface NotPassed {
  readonly pass: false;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** For applications that answer errors themselves. The reason is its `code`; its `headers` describe no body. */
  readonly error: TokenError | UnavailableError;
}

export type Passage = Passed | NotPassed;

/** Decides about a request. Synchronous where `verifier.verify` is. Never throws, never rejects. */
export type GateFunction = (request: AnyRequest) => Passage | Promise<Passage>;

/**
 * Returns a function that decides whether a request passes, and what to answer if it does not: what `protect` and the guards
 * do, for servers and frameworks without Express. It counts decisions, and notes the token on the request, as `protect` does.
 *
 * @param target options of a verifier, or a verifier. Without it, the options are those of the environment, as in `protect`.
 * @throws ConfigurationError for wrong options; never because a sidecar, Redis or an issuer is unreachable.
 */
export function createGate(target?: VerifierOptions | Verifier, options: GateOptions = {}): GateFunction {
  const read = group(createGateTable)('createGate', options, { allowHttp: false, environment: {} });
  const { anonymous, whenUnknown, scopes, anyScopes, stepUp } = read;
  const requirements = [scopes, anyScopes, stepUp].filter((requirement) => requirement !== undefined);
  const gate = new Gate(partsOf(verifierOf(target)), { anonymous, whenUnknown, forwardErrors: false });

  return function decidePassage(given) {
    const request = typeof given === 'object' && given !== null ? given : notARequest;
    const concluded = gate.enter(request);
    return concluded instanceof Promise
      ? concluded.then((settled) => meetAll(settled, requirements, request))
      : meetAll(concluded, requirements, request);
  };
}

/** What is decided about instead of undefined, or a text: without fields it is `internal_error`, and not a fault of the client. */
const notARequest: AnyRequest = Object.freeze(Object.create(null));

function meetAll(
  concluded: Concluded,
  [requirement, ...others]: readonly Requirement[],
  request: AnyRequest,
): Passage | Promise<Passage> {
  if (!concluded.pass) return refusedBy(concluded);
  if (requirement === undefined) return passedBy(concluded);
  const next = concluded.authorize(requirement, request);
  return next instanceof Promise
    ? next.then((settled) => meetAll(settled, others, request))
    : meetAll(next, others, request);
}

const noHeaders: Passed['headers'] = Object.freeze({});

function passedBy({ auth, dpopNonce }: Admission): Passed {
  return { pass: true, auth, headers: dpopNonce === undefined ? noHeaders : { 'DPoP-Nonce': dpopNonce } };
}

function refusedBy(refusal: Refusal): NotPassed {
  const { status, body } = refusal;
  return {
    pass: false,
    status,
    headers: headersWithBody(refusal),
    body,
    // Only on demand: the stack trace of an error costs more than the decision.
    get error() {
      return errorOf(refusal);
    },
  };
}
