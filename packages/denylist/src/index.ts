// The entry `@revocast/denylist`: the publisher, for an authorization server.

export { ConfigurationError } from './configuration-error.ts';
export type { IssuerTrust } from './log/enforcement.ts';
export { type EvictionPolicy, LogError, type LogErrorCode, logErrorCodes } from './log/revocation-log.ts';
export type { OpenTelemetryApi } from './metrics/open-telemetry.ts';
export type { EnforcedEverywhere } from './publisher/await-enforcement.ts';
export { type CreatePublisherOptions, createPublisher } from './publisher/create-publisher.ts';
export type { Published, PublisherObserver } from './publisher/log-writer.ts';
export type { PublishOptions } from './publisher/publish-options.ts';
export type { LiftTarget, Publisher, RevokeTokenOptions } from './publisher/publisher.ts';
export {
  type Dimension,
  dimensions,
  type Revocation,
  type RevocationReason,
  type RevocationTarget,
  revocationReasons,
} from './rules/revocation.ts';
