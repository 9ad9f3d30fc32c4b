import { ConfigurationError } from '@revocast/denylist';
import type { Clock } from '@revocast/denylist/replica';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import { eventRowId, rowId, targetOf } from '../events/row-id.ts';
import { statementsOf } from '../events/statements.ts';
import { namingSubjects, type SubjectsOf } from '../events/subjects.ts';
import { endedBy } from '../families/ended-by-event.ts';
import type { FamilyEndOfEvent } from '../families/family-selector.ts';
import type { EndedFamilies } from '../families/family-store.ts';
import type { AddedIn, NewOutboxRow, OutboxStore, Transaction } from '../outbox/outbox-store.ts';
import type { LifecycleStore } from './lifecycle-store.ts';
import type { StampedTokens } from './stamped-tokens.ts';

const mostAheadMs = 60_000;

interface EventPorts {
  readonly issuer: string;
  readonly issuerSpreadSeconds: number;
  readonly store: LifecycleStore | undefined;
  readonly subjectsOf: SubjectsOf | undefined;
  readonly stampedTokens: StampedTokens;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** The rows of the outbox that hold what follows from an event. */
export interface NotedRows {
  /** Names the event where no row follows from it. */
  readonly event?: string | undefined;
  readonly ids: readonly string[];
  readonly addedIn: AddedIn;
}

export interface NoteOptions {
  /** The transaction of the caller. */
  readonly tx: Transaction | undefined;
  /** Called before the rows are added: from then on, the worker may publish them. */
  readonly adding: (ids: readonly string[]) => void;
}

/** An event, and the same event once for each subject of the account that it names. */
interface NamedEvent {
  readonly event: LifecycleEvent;
  readonly events: readonly LifecycleEvent[];
}

/** The families that an event ends, and those that it has ended. */
interface FamiliesOfEvent {
  readonly end?: FamilyEndOfEvent;
  readonly ended?: EndedFamilies;
}

/** Turns an event into rows of the outbox, and ends its refresh families with them. */
export class EventNotes {
  readonly #ports: EventPorts;

  constructor(ports: EventPorts) {
    this.#ports = ports;
  }

  /** What follows from an event that ends no families. @throws ConfigurationError for a time in the future. */
  async rowsOf(event: LifecycleEvent): Promise<readonly NewOutboxRow[]> {
    return this.#rows(await this.#named(event));
  }

  /** Adds what follows from an event to the outbox, and ends its refresh families in the same transaction. */
  async note(event: LifecycleEvent, outbox: OutboxStore, { tx, adding }: NoteOptions): Promise<NotedRows> {
    const families = this.#ports.store?.families;
    const end = endedBy(event, this.#ports);
    // Before the transaction: the caller's function may take as long as a query.
    const named = await this.#named(event);
    if (families === undefined || end === undefined) {
      return await addTo(outbox, this.#rows(named), { tx, adding });
    }
    let noted: NotedRows | undefined;
    const eventRow = event.id === undefined ? undefined : eventRowId(event.id, event.type, end.which);
    await families.end(end.which, end.ending, {
      tx,
      erase: end.erase,
      isNew: async (client) => {
        const ids = eventRow === undefined ? undefined : await outbox.claim(eventRow, client);
        // The rows may be part of this transaction: adding none tells which it is.
        if (ids !== undefined) noted = { event: eventRow, ids, addedIn: await outbox.add([], client) };
        return ids === undefined;
      },
      note: async (ended, client) => {
        const rows = this.#rows(named, { ended, end });
        noted = { event: eventRow, ...(await addTo(outbox, rows, { tx: client, adding })) };
        if (eventRow !== undefined) await outbox.complete(eventRow, noted.ids, client);
      },
    });
    if (noted === undefined)
      throw new TypeError('expected the store of families to note the end, found that it did not');
    return noted;
  }

  async #named(event: LifecycleEvent): Promise<NamedEvent> {
    return { event, events: await namingSubjects(event, this.#ports.subjectsOf) };
  }

  #rows({ event, events }: NamedEvent, families: FamiliesOfEvent = {}): readonly NewOutboxRow[] {
    const { issuer, clock, newId, stampedTokens } = this.#ports;
    const nowMs = clock.wallMs();
    if (event.at !== undefined && event.at.getTime() > nowMs + mostAheadMs) {
      throw new ConfigurationError('event.at', 'expected a time at most 60 s in the future, found a later one');
    }
    const occurredAtMs = event.at === undefined ? undefined : Math.min(event.at.getTime(), nowMs);
    const eventId = event.id ?? newId();
    const nowSeconds = Math.floor(nowMs / 1000);
    const context = { issuer, nowSeconds, stampedUpTo: stampedTokens.upToSeconds(), ...families };
    const rows = events
      .flatMap((named) => statementsOf(named, context))
      .map((statement) => ({
        id: rowId(eventId, issuer, statement),
        target: targetOf(statement),
        statement,
        occurredAtMs,
      }));
    // Two subjects of one account can lead to the same statement, for example when families of both end one by one.
    return [...new Map(rows.map((row) => [row.id, row])).values()];
  }
}

/** Adds rows, in the transaction of the caller if there is one. */
export async function addTo(
  outbox: OutboxStore,
  rows: readonly NewOutboxRow[],
  { tx, adding }: NoteOptions,
): Promise<NotedRows> {
  const ids = rows.map(({ id }) => id);
  adding(ids);
  return { ids, addedIn: await outbox.add(rows, tx) };
}
