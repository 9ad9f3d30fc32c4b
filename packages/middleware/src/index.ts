export type { MetricsRegistry, ReplicaStatus } from '@revocast/denylist/replica';
export type { ReplayStore } from './binding/replay-store.ts';
export type { Accepted, AccessTokenClaims, Auth, Decision, Rejected, Unavailable, WhenUnknown } from './decision.ts';
export {
  ConfigurationError,
  type Reason,
  type RejectionReason,
  reasons,
  TokenError,
  UnavailableError,
  type UnavailableReason,
} from './errors.ts';
export { type ExplainedCheck, type Explanation, explain, type RevocableBy } from './explain/explain.ts';
export { authOf } from './express/auth-of.ts';
export { type EndSocketOptions, endSocketWithToken, type WebSocketLike } from './express/end-socket-with-token.ts';
export { type EndOptions, endWithToken } from './express/end-with-token.ts';
export { requireAnyScope, requireClaims, requireScope, requireStepUp } from './express/guards.ts';
export type { Handler, Next } from './express/handler.ts';
export { type ProtectedResourceOptions, protectedResourceMetadata } from './express/metadata.ts';
export { type ProtectOptions, protect } from './express/protect.ts';
export {
  createGate,
  type GateFunction,
  type GateOptions,
  type NotPassed,
  type Passage,
  type Passed,
} from './gate/create-gate.ts';
export { type FetchRequest, requestOf } from './gate/request-of.ts';
export type { ClaimsPredicate, StepUpOptions } from './gate/requirement.ts';
export type { IssuerDescription, IssuerOptions, IssuerResolverOptions } from './options/issuer-options.ts';
export type { VerifierOptions } from './options/options.ts';
export type { ClaimMap, ClaimName, ProfileName } from './options/profiles.ts';
export type { RevocationOptions } from './options/revocation-options.ts';
export type { Logger, OpenTelemetryOptions } from './options/telemetry-options.ts';
export type { Place, SuspiciousUse, UsageOptions } from './options/usage-options.ts';
export type { CloseCode, EndReason, Watch, WatchOptions } from './streams/watch.ts';
export type { AnyRequest, RequestWithHeaders } from './token/bearer.ts';
export { createVerifier } from './verifier/create-verifier.ts';
export type { Verifier, VerifierStatus } from './verifier/verifier.ts';
