import { disposable, type Undisposed } from '../disposable.ts';
import type { Feed } from '../log/feed.ts';
import type { LoggedDenial } from '../log/revocation-log.ts';
import { digestOf } from '../rules/digest.ts';
import type { Revocation, RevocationReason, RevocationTarget } from '../rules/revocation.ts';
import { checkOptions } from './check-options.ts';
import { LogWriter, type Published, type PublisherPorts } from './log-writer.ts';
import { parseLift, parseRevocation } from './parse-revocation.ts';
import { checkPublishOptions, type PublishOptions, publishOptionNames } from './publish-options.ts';
import { targetOfToken } from './token-target.ts';

/** Revokes tokens: for the authorization server, or any place where a user logs out. */
export interface Publisher extends AsyncDisposable {
  /**
   * Writes a revocation to the log. Resolves when the log holds the revocation; processes with a fresh feed apply it
   * within the next milliseconds. When the very next request must be rejected, await `enforcedEverywhere()` of the
   * result.
   *
   * @throws ConfigurationError for an invalid revocation or option · LogError `not_durable` (in force, on fewer copies
   *         than required), `outcome_unknown` (retry with the same id); not in force: `unavailable`, `refused`,
   *         `id_conflict`, `too_many_broad_rules`.
   */
  revoke(revocation: Revocation, options?: PublishOptions): Promise<Published>;
  /** Revokes one token, named by its id claim, until it has expired everywhere. The signature is not checked. */
  revokeToken(jwt: string, options?: RevokeTokenOptions): Promise<Published>;
  /**
   * Ends every denial of one value, but not its cutoff, which needs no lift: users log in again. The value is named as
   * in a revocation, or by the id of a revocation, for as long as the log keeps that entry (in Redis an hour).
   *
   * @throws as `revoke` · LogError `refused` for an id that is unknown or too old, or that belongs to a cutoff or a lift.
   */
  lift(target: LiftTarget & { readonly actor?: string | undefined }, options?: PublishOptions): Promise<Published>;
  /**
   * For `clock: 'issuer'`: this process has stamped a token with this `iat`. Call it for each token: after the clock of the
   * process is set back, a cutoff still includes the tokens stamped before. Otherwise it has no effect.
   *
   * @throws ConfigurationError for a number that is no claim seconds.
   */
  tokenIssued(iat: number): void;
  /**
   * The clock of the log minus that of this process, in milliseconds; undefined before the log has answered. Export it as a
   * gauge: beyond 60 s a revocation may fail with `clock_disagreement`.
   */
  clockOffsetMs(): number | undefined;
  /** The log as a feed: in tests, pass the publisher to `protect({ revocation: { feed: publisher } })`. */
  readonly feed: Feed;
  /**
   * Closes the connections. Not needed before the process ends: only a revocation in progress keeps it alive. `await using`
   * calls it.
   */
  close(): Promise<void>;
}

/** A value, or the `id` of the revocation that denied it. */
export type LiftTarget = RevocationTarget | { readonly id: string };

export interface RevokeTokenOptions extends PublishOptions {
  /** Default `other`. */
  readonly reason?: RevocationReason | undefined;
  readonly actor?: string | undefined;
  /** The claim that contains the token id; default `jti`; in tokens of Microsoft Entra `uti`. */
  readonly idClaim?: string | undefined;
}

const revokeTokenOptionNames: readonly string[] = [...publishOptionNames, 'reason', 'actor', 'idClaim'];

/** A publisher for any log. */
export function createPublisherOver(ports: PublisherPorts): Publisher {
  const { log, feed, clock } = ports;
  const writer = new LogWriter(ports);
  const revoke: Publisher['revoke'] = async (revocation, options) => {
    const { value, ...parsed } = parseRevocation(revocation);
    const { dimension, issuer } = value;
    const { expiresAt } = revocation;
    const remainingSeconds =
      dimension === 'token' && expiresAt !== undefined
        ? Math.max(0, expiresAt - Math.floor(clock.wallMs() / 1000))
        : undefined;
    return await writer.write(
      { dimension, issuer, digest: digestOf(value), kind: 'revoke', ...parsed, remainingSeconds },
      options,
    );
  };
  return disposable<Undisposed<Publisher>>({
    revoke,
    async revokeToken(jwt, given = {}) {
      checkOptions('options', given, revokeTokenOptionNames);
      const { reason = 'other', actor, idClaim, ...options } = given;
      return await revoke({ ...targetOfToken(jwt, idClaim), reason, actor }, options);
    },
    async lift(target, options = {}) {
      checkPublishOptions(options);
      const { dimension, issuer, digest } = await denialOf(target, ports, options.id);
      const { actor } = target;
      return await writer.write(
        { dimension, issuer, digest, kind: 'lift', statement: { kind: 'lift' }, actor },
        options,
      );
    },
    clockOffsetMs: () => writer.clockOffsetMs(),
    tokenIssued: (iat) => ports.issuerClock?.stamped(iat),
    feed,
    close: () => log.close(),
  });
}

/** The value to lift: the one that the target names, or the one that was denied by the revocation with the given id. */
async function denialOf(
  target: LiftTarget,
  { log, observer }: PublisherPorts,
  liftId?: string,
): Promise<LoggedDenial & { readonly issuer?: string }> {
  const named = parseLift(target);
  if (!('id' in named)) return { dimension: named.dimension, issuer: named.issuer, digest: digestOf(named) };
  try {
    return await log.denial(named.id, liftId);
  } catch (error) {
    observer?.failed?.(error);
    throw error;
  }
}
