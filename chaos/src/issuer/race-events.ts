import type { LifecycleEvent, Outcome } from '@revocast/issuer';
import type { Refreshers } from './refreshers.ts';

/** A user with two sessions: refreshes of the first one race the event. */
export interface Owner {
  readonly subject: string;
  readonly session: string;
  readonly here: string;
}

/** An event that ends the first session. */
export interface RacedEvent {
  readonly name: string;
  /** Resolves once its transaction, if it has one, is committed. */
  readonly report: (refreshers: Refreshers, owner: Owner) => Promise<Outcome>;
  /** The second session stays signed in. */
  readonly keepsHere: boolean;
  /** A cutoff: for two seconds, the access tokens of a login since are rejected too, and a refresh then makes a good one. */
  readonly isCutoff: boolean;
}

const newPassword = ({ subject }: Owner): LifecycleEvent => ({ type: 'password_changed', subject });
const keepingHere = ({ subject, here }: Owner): LifecycleEvent => ({ type: 'password_changed', subject, keep: here });

export const racedEvents: readonly RacedEvent[] = [
  {
    name: 'end by session',
    report: ({ families }, { session }) => families.end({ session }),
    keepsHere: true,
    isCutoff: false,
  },
  {
    name: 'end by subject',
    report: ({ families }, { subject }) => families.end({ subject }),
    keepsHere: false,
    isCutoff: true,
  },
  {
    name: 'new password',
    report: ({ lifecycle }, owner) => lifecycle.report(newPassword(owner)),
    keepsHere: false,
    isCutoff: true,
  },
  {
    name: 'new password, one session kept',
    report: ({ lifecycle }, owner) => lifecycle.report(keepingHere(owner)),
    keepsHere: true,
    isCutoff: false,
  },
  {
    name: 'new password, in a transaction',
    report: (refreshers, owner) => inTransaction(refreshers, newPassword(owner)),
    keepsHere: false,
    isCutoff: true,
  },
  {
    name: 'new password, in a transaction, one session kept',
    report: (refreshers, owner) => inTransaction(refreshers, keepingHere(owner)),
    keepsHere: true,
    isCutoff: false,
  },
];

async function inTransaction({ pool, lifecycle }: Refreshers, event: LifecycleEvent): Promise<Outcome> {
  const tx = await pool.connect();
  try {
    await tx.query('begin');
    const outcome = await lifecycle.report(event, { tx });
    await tx.query('commit');
    return outcome;
  } finally {
    tx.release();
  }
}
