import type { Clock } from '@revocast/denylist/replica';
import { codeOf } from '@revocast/sidecar/service';
import type { Logger } from 'pino';
import { type Deliver, targetsOf } from '../delivery/deliver.ts';
import type { Delivered } from '../delivery/delivery-result.ts';
import type { Signal } from '../signals/signal.ts';
import { Confirmations } from './confirmations.ts';
import { deliverWaiting, retryMs, type WaitingOutcome } from './deliver-waiting.ts';
import { SpoolDirectory } from './spool-directory.ts';
import { parseSignals, textOfSignals } from './spool-message.ts';
import { needsDirectory, type Waiting, WaitingMessages } from './waiting-messages.ts';

interface SpoolPorts {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly deliver: Deliver;
  readonly maxMessages: number;
  /** Whether the configuration has a source of this name. */
  readonly hasSource: (name: string) => boolean;
  /** Signals that were not delivered, because they must wait and there is no place. */
  readonly onFull: (signals: readonly Signal[]) => void;
  /** Signals that stay on fewer copies of the log than required. */
  readonly onNotDurable: (signals: readonly Signal[]) => void;
  /** What a file said is lost. */
  readonly onLost: () => void;
}

const full = { outcome: 'unavailable', retryAfterMs: retryMs, isOwn: true } as const;
/** A sender is answered after this time, in milliseconds, once its message is on the disk. A log that hangs takes seconds. */
const patienceMs = 200;

/**
 * Verified signals that the log could not take. They are on the disk before the sender gets its answer, and are delivered in
 * order when the log is back, also after a restart. Later messages about the same values wait behind them.
 */
export class Spool {
  readonly #directory: SpoolDirectory;
  readonly #ports: SpoolPorts;
  readonly #waiting = new WaitingMessages();
  readonly #stop = new AbortController();
  readonly #deliveries: ReturnType<typeof deliverWaiting>;
  readonly #confirmations: Confirmations;
  /** First deliveries that were not over when their senders were answered, by the names of their files. */
  readonly #slow = new Map<string, Promise<void>>();
  /** Messages that are being written. */
  #adding = 0;

  private constructor(directory: SpoolDirectory, ports: SpoolPorts) {
    this.#directory = directory;
    this.#ports = ports;
    this.#confirmations = new Confirmations({
      clock: ports.clock,
      deliver: ports.deliver,
      remove: (name) => this.#remove(name),
      onGivenUp: ports.onNotDurable,
    });
    this.#deliveries = deliverWaiting({
      waiting: this.#waiting,
      clock: ports.clock,
      signal: this.#stop.signal,
      deliver: (message) => this.#deliverWaiting(message),
      isBusy: (name) => this.#slow.has(name),
      onSettled: (messages) =>
        ports.log.info({ messages, left: this.#waiting.size }, 'delivered messages of the spool'),
    });
  }

  /** @throws ConfigurationError when the directory cannot be used. */
  static async open(path: string, ports: SpoolPorts): Promise<Spool> {
    const { directory, names } = await SpoolDirectory.open(path, 'spool');
    const spool = new Spool(directory, ports);
    for (const name of names) {
      const signals = await spool.#read(name);
      if (signals === 'later') ports.onLost();
      else if (signals === undefined) await spool.#giveUp(name, 'its text is not that of a message');
      else spool.#waiting.add(name, signals);
    }
    if (names.length > 0) ports.log.info({ messages: names.length }, 'the spool holds messages of an earlier run');
    spool.#deliveries.start();
    return spool;
  }

  /** Messages that wait, and the time since the oldest of them was received. */
  status(): { readonly messages: number; readonly oldestMs: number } {
    const oldestAtMs = this.#waiting.oldestAtMs();
    const oldestMs = oldestAtMs === undefined ? 0 : Math.max(0, this.#ports.clock.wallMs() - oldestAtMs);
    return { messages: this.#waiting.size, oldestMs };
  }

  /**
   * Delivers the signals of a message, and keeps them on the disk until that is done: a process that is killed meanwhile
   * delivers them after its restart.
   *
   * @returns `done` with `notDurable` when they are not on the disk either, and are not written again; `spooled` when they wait on
   *          the disk; `unavailable` when they cannot: the sender must keep the message.
   */
  async deliver(signals: readonly Signal[]): Promise<Delivered | { readonly outcome: 'spooled' }> {
    if (signals.length === 0) return { outcome: 'done' };
    // An earlier message about one of these values waits: this one must wait behind it.
    const isBehind = this.#waiting.holds(targetsOf(signals));
    if (this.#waiting.size + this.#adding >= this.#ports.maxMessages) {
      if (!isBehind) return await this.#ports.deliver(signals);
      this.#ports.onFull(signals);
      return full;
    }
    this.#adding += 1;
    // Both begin at once: the message is safe as soon as either is done.
    const writing = this.#write(signals);
    const delivering = isBehind ? Promise.resolve(full) : this.#ports.deliver(signals);
    try {
      const delivered = await this.#firstOf(delivering, writing);
      if (delivered?.outcome === 'done') {
        const { notDurable } = delivered;
        if (notDurable === undefined) {
          void writing.then((name) => (name === undefined ? undefined : this.#remove(name)));
          return delivered;
        }
        const name = await writing;
        if (name === undefined) return delivered;
        await this.#finish(name, delivered);
        return { outcome: 'done' };
      }
      const name = await writing;
      if (name === undefined) return await delivering;
      const message = this.#waiting.add(name, signals);
      if (delivered === undefined) this.#settleLater(message, delivering);
      this.#deliveries.start();
      return { outcome: 'spooled' };
    } finally {
      this.#adding -= 1;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#deliveries.ended(), ...this.#slow.values()]);
    await this.#confirmations.close();
  }

  /** @returns undefined when the delivery takes longer than the patience, and the message is on the disk. */
  async #firstOf(delivering: Promise<Delivered>, writing: Promise<string | undefined>): Promise<Delivered | undefined> {
    const timer = new AbortController();
    const onDisk = async () => {
      const [name] = await Promise.all([writing, this.#ports.clock.sleep(patienceMs, timer.signal, true)]);
      return name === undefined ? await delivering : undefined;
    };
    try {
      return await Promise.race([delivering, onDisk()]);
    } finally {
      timer.abort();
    }
  }

  /** The first delivery goes on. Until it is over, the message is not delivered again, and later ones wait behind it. */
  #settleLater(message: Waiting, delivering: Promise<Delivered>): void {
    const { name } = message;
    const settling = delivering.then(async (delivered) => {
      if (delivered.outcome === 'done') {
        this.#waiting.remove(message);
        await this.#finish(name, delivered);
      }
      this.#slow.delete(name);
    });
    this.#slow.set(name, settling);
  }

  async #write(signals: readonly Signal[]): Promise<string | undefined> {
    try {
      return await this.#directory.add(textOfSignals(signals));
    } catch (error) {
      this.#ports.log.error({ code: codeOf(error) }, 'the spool cannot be written');
      return undefined;
    }
  }

  /** Ends with the file of a delivered message, or keeps it until the log has it on enough copies. */
  async #finish(name: string, { notDurable }: Delivered & { readonly outcome: 'done' }): Promise<void> {
    if (notDurable === undefined) await this.#remove(name);
    else await this.#confirmations.add(name, notDurable);
  }

  async #remove(name: string): Promise<void> {
    await this.#directory.remove(name).catch((error: unknown) => {
      // It is delivered again after a restart, and writes nothing then.
      this.#ports.log.warn({ code: codeOf(error) }, 'a delivered message cannot be removed from the spool');
    });
  }

  async #deliverWaiting(message: Waiting): Promise<WaitingOutcome> {
    const { name } = message;
    const signals = await this.#read(name);
    if (signals === 'later') return 'waits';
    const hasSource = ({ source }: Signal) => this.#ports.hasSource(source);
    const isOrphan = (signal: Signal) => !hasSource(signal) && needsDirectory(signal);
    const rest = signals?.map((signal) => (isOrphan(signal) ? withoutDirectory(signal) : signal)) ?? [];
    const delivered = await this.#ports.deliver(rest);
    if (delivered.outcome === 'unavailable') return delivered.isOwn ? 'waits' : 'down';
    this.#waiting.remove(message);
    if (signals === undefined) await this.#giveUp(name, 'its text is not that of a message');
    // Its directory was named by the source.
    else if (signals.some(isOrphan)) {
      if (delivered.notDurable !== undefined) this.#ports.onNotDurable(delivered.notDurable);
      await this.#giveUp(name, 'its source is not in the configuration any longer');
    } else await this.#finish(name, delivered);
    return 'settled';
  }

  /** @returns `later` when the disk fails; undefined when the file is gone or is no message. */
  async #read(name: string): Promise<readonly Signal[] | 'later' | undefined> {
    try {
      const bytes = await this.#directory.read(name);
      return bytes && parseSignals(bytes);
    } catch (error) {
      this.#ports.log.error({ code: codeOf(error) }, 'a file of the spool cannot be read now, and is kept');
      return 'later';
    }
  }

  async #giveUp(name: string, reason: string): Promise<void> {
    this.#ports.log.error({ reason }, 'a file of the spool is given up; it is kept with the ending .bad');
    this.#ports.onLost();
    await this.#directory.setAside(name);
  }
}

function withoutDirectory(signal: Signal): Signal {
  return { ...signal, effects: signal.effects.filter(({ kind }) => kind !== 'resolve') };
}
