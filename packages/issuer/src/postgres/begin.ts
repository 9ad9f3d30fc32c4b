const defaultIdleLimitMs = 60_000;

/**
 * Begins a transaction. A process that stops inside it, or a host that loses its network, holds the locks for at most this
 * time: PostgreSQL would otherwise keep them until the connection times out, which takes two hours by default.
 *
 * @param idleLimitMs the longest time between two statements, default 60,000 ms. One statement has no parameter, so that both
 *        are one message.
 */
export function beginWithin(idleLimitMs: number = defaultIdleLimitMs): string {
  return `begin isolation level read committed; set local idle_in_transaction_session_timeout = ${idleLimitMs}`;
}
