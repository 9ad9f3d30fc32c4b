// The publisher: what an authorization server needs.
export type { EnforcedEverywhere } from './await-enforcement.ts';
export { ConfigurationError } from './configuration-error.ts';
export { type CreatePublisherOptions, createPublisher } from './create-publisher.ts';
export type { OpenTelemetryApi } from './open-telemetry.ts';
export type {
  LiftTarget,
  Published,
  Publisher,
  PublisherObserver,
  PublishOptions,
  RevokeTokenOptions,
} from './publisher.ts';
export {
  type Dimension,
  dimensions,
  type Revocation,
  type RevocationReason,
  type RevocationTarget,
  revocationReasons,
} from './revocation.ts';
export { LogError, type LogErrorCode, logErrorCodes } from './revocation-log.ts';
