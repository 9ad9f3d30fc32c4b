import type { Source } from '../config/source-list.ts';
import type { Answer } from '../listeners/answers.ts';
import type { Reading } from '../signals/signal.ts';
import type { Quarantine } from '../spool/quarantine.ts';
import type { Spool } from '../spool/spool.ts';
import type { SignalCounter } from '../telemetry/count-signals.ts';
import type { Deliver } from './deliver.ts';

export interface ReceivePorts {
  readonly deliver: Deliver;
  readonly counter: SignalCounter;
  readonly spool?: Spool | undefined;
  readonly quarantine?: Quarantine | undefined;
  readonly nowMs: () => number;
}

/** Whether its senders send a message once: what is not taken is then lost. */
export function sendsOnce(kind: Source['kind']): boolean {
  return kind === 'backchannel-logout';
}

/** Delivers what a message was read as, and says what to answer. It is `done` only when the log, or the spool, has it. */
export async function receive(source: Source, reading: Reading, ports: ReceivePorts): Promise<Answer> {
  const { counter } = ports;
  const { name } = source;
  if (reading.outcome === 'refused') {
    counter.refused(name, reading.reason);
    return reading;
  }
  if (reading.outcome === 'unavailable') {
    counter.unverified(name, reading.why);
    return reading;
  }
  counter.received(reading.signals);
  const delivered = await (ports.spool === undefined
    ? ports.deliver(reading.signals)
    : ports.spool.deliver(reading.signals));
  if (delivered.outcome === 'done') {
    // It is in force: a refusal would make the sender repeat it for ever.
    for (const signal of delivered.notDurable ?? []) counter.signalDelivered(signal, 'not_durable');
    return { outcome: 'done' };
  }
  if (delivered.outcome === 'spooled') {
    counter.kept(name, reading.signals);
    return { outcome: 'done' };
  }
  return { outcome: 'unavailable', status: 503, retryAfterMs: delivered.retryAfterMs };
}

/** The same for one token, which is kept unverified where its key cannot be found now and its sender sends once. */
export async function receiveToken(
  source: Source,
  token: Uint8Array,
  { read, ports }: { readonly read: (nowMs: number) => Promise<Reading>; readonly ports: ReceivePorts },
): Promise<Answer> {
  const receivedAtMs = ports.nowMs();
  const reading = await read(receivedAtMs);
  // Also an unknown `kid`: after a change of its key, the issuer may have published the new one a moment ago.
  if (reading.outcome === 'unavailable' && sendsOnce(source.kind)) {
    const message = { source: source.name, token: Buffer.from(token).toString('utf8'), receivedAtMs };
    if (await ports.quarantine?.add(message)) {
      ports.counter.quarantined(source.name);
      return { outcome: 'done' };
    }
  }
  return await receive(source, reading, ports);
}
