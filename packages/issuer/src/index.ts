// The entry `@revocast/issuer`: for the process that is an authorization server.

export { ConfigurationError, LogError, type Published } from '@revocast/denylist';
export type { EventDetails, LifecycleEvent, LifecycleEventType } from './events/lifecycle-event.ts';
export { createLifecycle } from './lifecycle/create-lifecycle.ts';
export type { Lifecycle, Outcome, OutcomeState, ReportOptions } from './lifecycle/lifecycle.ts';
export type { LifecycleOptions } from './lifecycle/lifecycle-options.ts';
export { type MemoryStoreOptions, memoryStore } from './outbox/memory-store.ts';
export type { LifecycleStore, OutboxStore, Transaction } from './outbox/outbox-store.ts';
export { StoreError, type StoreErrorCode, storeErrorCodes } from './outbox/store-error.ts';
export {
  type GrantType,
  grantTypes,
  type ReuseKind,
  reuseKinds,
  type TokenAnswer,
  type TokenObserver,
  type TokenResult,
  tokenResults,
} from './telemetry/token-observer.ts';
