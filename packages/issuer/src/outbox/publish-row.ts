import type { Published, Publisher, Revocation } from '@revocast/denylist';
import type { Clock, Random } from '@revocast/denylist/replica';
import { afterFailure, retryAfter } from './after-failure.ts';
import type { AttemptResult, OutboxRow } from './outbox-store.ts';
import { type Publication, publicationOf } from './publication.ts';

export interface PublishPorts {
  readonly publisher: Pick<Publisher, 'revoke' | 'lift' | 'clockOffsetMs'>;
  readonly issuerSpreadSeconds: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** One attempt to log a row. */
export interface Attempt {
  readonly result: AttemptResult;
  readonly published?: Published;
  readonly error?: unknown;
}

/** Writes a row to the log. Never rejects. */
export async function publishRow(row: OutboxRow, ports: PublishPorts): Promise<Attempt> {
  const { publisher, clock, random } = ports;
  const publication = publicationOf(row, ports.issuerSpreadSeconds);
  if (publication.kind === 'none') return { result: { outcome: 'logged' } };
  if (publication.kind === 'drop') return { result: { outcome: 'stuck' } };
  if (publication.kind === 'unknown') {
    const retryInMs = retryAfter(row.attempts, random());
    return { result: { retryInMs, isLogged: false, error: 'unknown_kind' }, error: new TypeError('unknown kind') };
  }
  const isLate = publication.kind === 'revoke' && publication.isLate;
  // The publisher expects a time of this process.
  const occurredAtMs = row.occurredAtMs - row.nowMs + clock.wallMs();
  try {
    const { tokens } = row.statement;
    const published = await write(publication, publisher, { occurredAtMs: Math.round(occurredAtMs), tokens });
    return { result: { outcome: isLate ? 'stuck' : 'logged' }, published };
  } catch (error) {
    const revocation = publication.kind === 'revoke' ? publication.revocation : undefined;
    const logNowMs = clock.wallMs() + (publisher.clockOffsetMs() ?? 0);
    return { result: afterFailure(error, { row, revocation, random: random(), logNowMs }), error };
  }
}

async function write(
  publication: Extract<Publication, { readonly id: string }>,
  publisher: Pick<Publisher, 'revoke' | 'lift'>,
  options: { readonly occurredAtMs: number; readonly tokens?: number | undefined },
): Promise<Published> {
  const { id } = publication;
  if (publication.kind === 'lift') return await publisher.lift(publication.target, { ...options, id });
  const revocation: Revocation = publication.revocation;
  return await publisher.revoke(revocation, { ...options, id });
}
