import { type Clock, isJsonObject, parseJsonObject } from '@revocast/denylist/replica';
import { codeOf } from '@revocast/sidecar/service';
import type { Logger } from 'pino';
import { type Deliver, targetsOf } from '../delivery/deliver.ts';
import type { Delivered } from '../delivery/delivery-result.ts';
import type { Signal } from '../signals/signal.ts';
import { SpoolDirectory } from './spool-directory.ts';

/** A message that waits on the disk. */
interface Waiting {
  readonly name: string;
  readonly targets: readonly string[];
  readonly receivedAtMs: number;
}

interface SpoolPorts {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly deliver: Deliver;
  readonly maxMessages: number;
  /** A file could not be read: what it said is lost. */
  readonly onLost: () => void;
}

/** Milliseconds between two attempts while messages wait. */
const retryMs = 1000;
const full = { outcome: 'unavailable', retryAfterMs: retryMs, isOwn: true } as const;

/**
 * Verified signals that the log could not take. They are on the disk before the sender gets its answer, and are delivered in
 * order when the log is back, also after a restart. Later messages about the same values wait behind them.
 */
export class Spool {
  readonly #directory: SpoolDirectory;
  readonly #ports: SpoolPorts;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stop = new AbortController();
  /** Messages that are being written. */
  #adding = 0;
  #running: Promise<void> | undefined;

  private constructor(directory: SpoolDirectory, ports: SpoolPorts) {
    this.#directory = directory;
    this.#ports = ports;
  }

  /** @throws ConfigurationError when the directory cannot be used. */
  static async open(path: string, ports: SpoolPorts): Promise<Spool> {
    const { directory, names } = await SpoolDirectory.open(path, 'spool');
    const spool = new Spool(directory, ports);
    for (const name of names) {
      const signals = await spool.#read(name);
      if (signals !== undefined) spool.#hold(name, signals);
    }
    if (names.length > 0) ports.log.info({ messages: names.length }, 'the spool holds messages of an earlier run');
    spool.#start();
    return spool;
  }

  /** Messages that wait, and the time since the oldest of them was received. */
  status(): { readonly messages: number; readonly oldestMs: number } {
    const received = [...this.#waiting.values()].map(({ receivedAtMs }) => receivedAtMs);
    const oldestMs = received.length === 0 ? 0 : Math.max(0, this.#ports.clock.wallMs() - Math.min(...received));
    return { messages: this.#waiting.size, oldestMs };
  }

  /**
   * Delivers the signals of a message, and keeps them on the disk until that is done: a process that is killed meanwhile
   * delivers them after its restart.
   *
   * @returns `spooled` when they wait on the disk; `unavailable` when they cannot: the sender must keep the message.
   */
  async deliver(signals: readonly Signal[]): Promise<Delivered | { readonly outcome: 'spooled' }> {
    if (signals.length === 0) return { outcome: 'done' };
    const targets = targetsOf(signals);
    // An earlier message about one of these values waits: this one must wait behind it.
    const isBehind = this.#isBehind(targets);
    if (this.#waiting.size + this.#adding >= this.#ports.maxMessages) {
      return isBehind ? full : await this.#ports.deliver(signals);
    }
    this.#adding += 1;
    // Both begin at once: the message is safe as soon as either is done.
    const writing = this.#write(signals);
    try {
      const delivered = isBehind ? full : await this.#ports.deliver(signals);
      if (delivered.outcome === 'done') {
        void writing.then((name) => (name === undefined ? undefined : this.#remove(name)));
        return delivered;
      }
      const name = await writing;
      if (name === undefined) return delivered;
      this.#hold(name, signals);
      this.#start();
      return { outcome: 'spooled' };
    } finally {
      this.#adding -= 1;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #isBehind(targets: readonly string[]): boolean {
    if (this.#waiting.size === 0) return false;
    const wanted = new Set(targets);
    return [...this.#waiting.values()].some((waiting) => waiting.targets.some((target) => wanted.has(target)));
  }

  async #write(signals: readonly Signal[]): Promise<string | undefined> {
    try {
      return await this.#directory.add(JSON.stringify({ version: 1, signals }));
    } catch (error) {
      this.#ports.log.error({ code: codeOf(error) }, 'the spool cannot be written');
      return undefined;
    }
  }

  async #remove(name: string): Promise<void> {
    await this.#directory.remove(name).catch((error: unknown) => {
      // It is delivered again after a restart, and writes nothing then.
      this.#ports.log.warn({ code: codeOf(error) }, 'a delivered message cannot be removed from the spool');
    });
  }

  #hold(name: string, signals: readonly Signal[]): void {
    const receivedAtMs = Math.min(...signals.map((signal) => signal.receivedAtMs));
    this.#waiting.set(name, { name, targets: targetsOf(signals), receivedAtMs });
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#waiting.size > 0 && !this.#stop.signal.aborted) this.#start();
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#ports;
    while (this.#waiting.size > 0 && !this.#stop.signal.aborted) {
      await this.#deliverAll();
      if (this.#waiting.size > 0) await clock.sleep(retryMs, this.#stop.signal);
    }
  }

  async #deliverAll(): Promise<void> {
    const { log, deliver } = this.#ports;
    const blocked = new Set<string>();
    let logged = 0;
    for (const { name, targets } of [...this.#waiting.values()]) {
      if (this.#stop.signal.aborted) return;
      if (targets.some((target) => blocked.has(target))) continue;
      const signals = await this.#read(name);
      const delivered = signals === undefined ? undefined : await deliver(signals);
      if (delivered?.outcome === 'unavailable') {
        if (!delivered.isOwn) break;
        for (const target of targets) blocked.add(target);
        continue;
      }
      this.#waiting.delete(name);
      logged += 1;
      await this.#remove(name);
    }
    if (logged > 0) log.info({ messages: logged, left: this.#waiting.size }, 'delivered messages of the spool');
  }

  async #read(name: string): Promise<readonly Signal[] | undefined> {
    const bytes = await this.#directory.read(name);
    const signals = bytes && parseSignals(bytes);
    if (signals !== undefined) return signals;
    this.#ports.log.error({}, 'a file of the spool cannot be read; it is kept with the ending .bad');
    this.#ports.onLost();
    await this.#directory.setAside(name);
    return undefined;
  }
}

/** Only this process, or its user, can have written the file: its outline is enough. */
function parseSignals(bytes: Uint8Array): readonly Signal[] | undefined {
  const document = parseJsonObject(bytes);
  const signals = document?.['version'] === 1 ? document['signals'] : undefined;
  const isList = Array.isArray(signals) && signals.length > 0;
  const isValid =
    isList &&
    signals.every(
      (one: unknown) =>
        isJsonObject(one) &&
        typeof one['source'] === 'string' &&
        typeof one['receivedAtMs'] === 'number' &&
        typeof one['occurredAtMs'] === 'number' &&
        Array.isArray(one['effects']) &&
        one['effects'].every((effect: unknown) => isJsonObject(effect) && typeof effect['kind'] === 'string'),
    );
  return isValid ? (signals as readonly Signal[]) : undefined; // written by this class
}
