// The entry `@revocast/issuer`: for the process that is an authorization server.

export { ConfigurationError, LogError, type Published } from '@revocast/denylist';
export type { EventDetails, LifecycleEvent, LifecycleEventType } from './events/lifecycle-event.ts';
export type {
  Binding,
  EndedGrant,
  EndGrantOptions,
  Families,
  FamilyClaims,
  FamilySummary,
  NewGrant,
  Opened,
  TokenUse,
} from './families/families.ts';
export type { EndReason, Family, FamilyEnd } from './families/family.ts';
export type { FamilyStore } from './families/family-store.ts';
export type { Duration } from './families/options/duration.ts';
export type { FamilyOptions } from './families/options/family-options.ts';
export type { Refused, RefusedOutcome } from './families/refusal.ts';
export type { FamilyKey } from './families/token/keys.ts';
export type { ClientClasses } from './lifecycle/client-classes.ts';
export { createLifecycle } from './lifecycle/create-lifecycle.ts';
export type { Lifecycle } from './lifecycle/lifecycle.ts';
export type { LifecycleOptions } from './lifecycle/lifecycle-options.ts';
export type { LifecycleStore } from './lifecycle/lifecycle-store.ts';
export type { Outcome, OutcomeState, ReportOptions } from './lifecycle/outcome.ts';
export { type MemoryStoreOptions, memoryStore } from './outbox/memory-store.ts';
export type { OutboxStore, Transaction } from './outbox/outbox-store.ts';
export { StoreError, type StoreErrorCode, storeErrorCodes } from './outbox/store-error.ts';
export type { TokenTelemetryApi } from './telemetry/token-api.ts';
export {
  type GrantType,
  grantTypes,
  type ReuseKind,
  reuseKinds,
  type TokenAnswer,
  type TokenObserver,
  type TokenResult,
  type TokenReuse,
  tokenResults,
} from './telemetry/token-observer.ts';
