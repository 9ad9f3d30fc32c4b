// From the bytes of a message to what it means for tokens. Pure: nothing here writes, fetches or reads a clock.

export { type AccountState, accountStateQuestion, accountStateRevocation, stateSecondsOf } from './account-state.ts';
export { effectsOfSubjects, mostResolvedSubjects, type ResolvedSubject } from './effects-of-subjects.ts';
export { settableEvents } from './events/event-table.ts';
export { readLogoutToken } from './jwt/read-logout-token.ts';
export { readSet } from './jwt/read-set.ts';
export { verifyAssertion } from './jwt/verify-assertion.ts';
export { mostMessageBytes } from './jwt/verify-signed.ts';
export type { ReadingContext, VerifyingContext } from './reading.ts';
export { type Refusal, refusals } from './refusal.ts';
export {
  type Action,
  type BlockEffect,
  type Effect,
  type IgnoredReason,
  ignoredReasons,
  type LiftEffect,
  type Reading,
  type ResolveEffect,
  type RevokeEffect,
  type Signal,
  type StreamStatus,
  streamStatuses,
  type Unverified,
} from './signal.ts';
export type { SignalKeys } from './signal-keys.ts';
export { type SignalType, signalTypes } from './signal-type.ts';
export {
  type EventSetting,
  eventSettings,
  type JsonMapping,
  type JsonRule,
  type SourceKind,
  type SourceProfile,
  type SourceRights,
  sourceKinds,
} from './source-profile.ts';
export { readAuth0Logs } from './webhooks/auth0-log-stream.ts';
export { mostWebhookBytes } from './webhooks/json-body.ts';
export { parsePointer } from './webhooks/json-pointer.ts';
export { oktaChallengeAnswer, readOktaEventHook } from './webhooks/okta-event-hook.ts';
export { readTokenRevocation } from './webhooks/read-token-revocation.ts';
export { matchesSecret } from './webhooks/secrets.ts';
export { readSignatureHeader } from './webhooks/signature.ts';
export { readSignedJson, type SignedRequest } from './webhooks/signed-json.ts';
