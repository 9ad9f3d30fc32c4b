import type { Published } from '@revocast/denylist';
import { rowId, targetOf } from '../events/row-id.ts';
import type { OutboxStatement } from '../events/statements.ts';
import type { FamilyEndOfEvent } from '../families/family-selector.ts';
import type { NewOutboxRow, OutboxRow } from '../outbox/outbox-store.ts';
import { type PublishPorts, publishRow } from '../outbox/publish-row.ts';
import { StoreError } from '../outbox/store-error.ts';
import type { LifecycleStore } from './lifecycle-store.ts';
import type { RowAnswer } from './row-waiters.ts';

const retryInMs = 1000;

type RowAttempt = Omit<RowAnswer, 'id'>;

export interface EndAgainPorts extends PublishPorts {
  readonly store: LifecycleStore | undefined;
  readonly storeFailed: (error: unknown) => void;
}

/**
 * Publishes a row, and ends the families of its event that were opened until its transaction was committed: a sign-in with the
 * old password between the report and the commit must not survive. At the same time, so that a database without a free
 * connection does not delay the revocation; the row is settled when both are done. Never rejects.
 */
export async function publishAndEndAgain(row: OutboxRow, ports: EndAgainPorts): Promise<RowAttempt> {
  const { end } = row.statement;
  const [{ result, published, error }, again] = await Promise.all([
    publishRow(row, ports),
    end === undefined ? nothingToEnd : endAgain(row, end, ports),
  ]);
  const attempt = { published: published === undefined ? again.published : [published, ...again.published], error };
  if (again.failure === undefined || !('outcome' in result)) return { ...attempt, result };
  const isLogged = row.statement.kind !== 'end' && ['logged', 'not_durable'].includes(result.outcome);
  return { ...attempt, result: { retryInMs, isLogged, error: again.failure } };
}

interface EndedAgain {
  readonly published: readonly Published[];
  /** The code of a failure; undefined when it is done. */
  readonly failure?: string;
}

const nothingToEnd: EndedAgain = { published: [] };

/**
 * The access tokens of these families are denied by their grants: a refresh may have made one after the time of the cutoff.
 */
async function endAgain(row: OutboxRow, end: FamilyEndOfEvent, ports: EndAgainPorts): Promise<EndedAgain> {
  const { store, storeFailed } = ports;
  if (store?.families === undefined) return nothingToEnd;
  const openedBeforeMs = Math.min(end.which.openedBeforeMs ?? Number.POSITIVE_INFINITY, row.frozenAtMs, row.nowMs);
  let denials: readonly NewOutboxRow[] = [];
  try {
    await store.families.end({ ...end.which, openedBeforeMs }, end.ending, {
      erase: end.erase,
      waitForOpening: true,
      note: async ({ grants }, tx) => {
        denials = grants.map((grant) => denialOf(grant, end, row));
        if (denials.length > 0) await store.outbox.add(denials, tx);
      },
    });
  } catch (error) {
    storeFailed(error);
    return { published: [], failure: error instanceof StoreError ? error.code : 'unexpected' };
  }
  // The worker would publish them after this row, for which a report may wait.
  const attempts = await Promise.all(
    denials.map((denial) => publishRow({ ...row, ...denial, occurredAtMs: row.occurredAtMs }, ports)),
  );
  const published = attempts.flatMap((attempt) => attempt.published ?? []);
  for (const { result } of attempts) {
    if (!('outcome' in result) && !result.isLogged) return { published, failure: result.error };
  }
  return { published };
}

function denialOf(grant: string, { which, ending }: FamilyEndOfEvent, { id, occurredAtMs }: OutboxRow): NewOutboxRow {
  const { issuer } = which;
  const statement: OutboxStatement = {
    kind: 'deny',
    revocation: { issuer, grant, reason: ending.reason, actor: ending.by },
  };
  return { id: rowId(id, issuer, statement), target: targetOf(statement), statement, occurredAtMs };
}
