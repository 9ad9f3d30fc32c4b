const defaultIdleLimitMs = 60_000;

export interface TransactionLimits {
  /**
   * The longest time between two statements, default 60,000 ms. A process that stops inside a transaction, or a host that loses
   * its network, holds the locks for at most this time: PostgreSQL would otherwise keep them until the connection times out,
   * which takes two hours by default.
   */
  readonly idleMs?: number | undefined;
  /** The longest time of one statement: the wait of the caller, after which its answer would have no reader. */
  readonly statementMs: number;
  /** The longest wait for one lock. Default: that of a statement. */
  readonly lockMs?: number;
}

/** Begins a transaction. None of its statements has a parameter, so that all are one message. */
export function beginWithin({
  idleMs = defaultIdleLimitMs,
  statementMs,
  lockMs = statementMs,
}: TransactionLimits): string {
  const limits = {
    idle_in_transaction_session_timeout: idleMs,
    statement_timeout: statementMs,
    lock_timeout: lockMs,
  };
  const settings = Object.entries(limits).map(([name, ms]) => `set local ${name} = ${ms}`);
  return ['begin isolation level read committed', ...settings].join('; ');
}
