import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import type { Families } from '../families/families.ts';
import type { FamilyOptions } from '../families/options/family-options.ts';
import type { TokenObserver } from '../telemetry/token-observer.ts';
import type { RevokeToken } from '../token/revoke-token.ts';
import type { Outcome, ReportOptions } from './outcome.ts';

/** Turns the events of an authorization server into revocations that are not lost. */
export interface Lifecycle extends AsyncDisposable {
  /** The `iss` of the tokens. */
  readonly issuer: string;
  /**
   * Notes what follows from an event, and logs it. Resolves when the log has it, or after `waitMs`: it is then `pending`, and
   * logged as soon as the log can be reached, by this process or another one with the same store.
   *
   * @throws ConfigurationError for an event or option that is malformed · StoreError when it could not be noted · LogError
   *         `refused` when the log refuses it, and, without a store, every failure of the log. Then nothing is in force.
   */
  report(event: LifecycleEvent, options?: ReportOptions): Promise<Outcome>;
  /**
   * Whether an event with the same id was reported before, by any process with the same store. The store keeps it for a week
   * after it was logged. False without a store. @throws StoreError
   */
  isReported(event: LifecycleEvent & { readonly id: string }): Promise<boolean>;
  /**
   * Refresh tokens that rotate, survive a repeated request, and find thieves. Call it once for each kind of client.
   *
   * @throws ConfigurationError for a wrong option, or without a store.
   */
  families(options: FamilyOptions): Families;
  /**
   * Revokes one JWT access token of this issuer for the client that it was issued to (RFC 7009). Signature, `iss` and `exp` are
   * verified with the option `keys`. You have authenticated the client.
   *
   * @throws ConfigurationError without the option `keys` · as `report`
   */
  readonly revokeToken: RevokeToken;
  /** Whether the option `subjectsOf` maps the account of an event to the subjects of its tokens. */
  readonly mapsSubjects: boolean;
  /** Counts what the token endpoint answers. */
  readonly observe: TokenObserver;
  /** Starts the worker that logs what is pending. `createLifecycle` calls it, unless `worker: false`. */
  start(): void;
  /**
   * Waits for the attempts in progress, then closes what was opened here. What is pending stays in the store. An idle worker
   * does not keep the process alive.
   */
  close(): Promise<void>;
}
