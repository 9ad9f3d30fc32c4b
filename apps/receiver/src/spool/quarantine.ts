import { type Clock, parseJsonObject } from '@revocast/denylist/replica';
import { codeOf } from '@revocast/sidecar/service';
import type { Logger } from 'pino';
import { SpoolDirectory } from './spool-directory.ts';

/** A message that is not verified yet. */
export interface Unverified {
  readonly source: string;
  /** The token in its compact form. */
  readonly token: string;
  /** Unix milliseconds: its times are judged by this. */
  readonly receivedAtMs: number;
}

/** `waits`: it is tried again later. `unknown_key`: so it is, but it makes room for another message where there is none. */
export type Settled = 'settled' | 'waits' | 'unknown_key';

interface QuarantinePorts {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Verifies a message and passes it on. */
  readonly settle: (message: Unverified) => Promise<Settled>;
  /** A message of a source made room for another. */
  readonly onDisplaced: (source: string) => void;
  /** What a file said is lost. */
  readonly onLost: () => void;
}

/** Messages of one source. Their senders are not known, so that this bounds what they can fill. */
export const mostOfOneSource = 100;
const retryMs = 1000;

/**
 * Messages whose key could not be found when they arrived, from senders that do not send again. Nothing is
 * done with them before they are verified.
 */
export class Quarantine {
  readonly #directory: SpoolDirectory;
  readonly #ports: QuarantinePorts;
  /** Names of files, with their sources. */
  readonly #held = new Map<string, string>();
  /** Names of files that make room when there is none. */
  readonly #unknown = new Set<string>();
  /** Sources of the messages that are being written. */
  readonly #adding: string[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  private constructor(directory: SpoolDirectory, ports: QuarantinePorts) {
    this.#directory = directory;
    this.#ports = ports;
  }

  /** @throws ConfigurationError when the directory cannot be used. */
  static async open(path: string, ports: QuarantinePorts): Promise<Quarantine> {
    const { directory, names } = await SpoolDirectory.open(path, 'spool');
    const quarantine = new Quarantine(directory, ports);
    for (const name of names) {
      const message = await quarantine.#read(name);
      if (message === 'later') ports.onLost();
      else if (message !== undefined) quarantine.#held.set(name, message.source);
    }
    quarantine.#start();
    return quarantine;
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * Where the source has too many already, the oldest one whose key a fresh key set did not have makes room: a stranger can send
   * any number of those, and must not keep out a genuine message whose key is published.
   *
   * @returns false when there is none, or the disk fails.
   */
  async add(message: Unverified): Promise<boolean> {
    const { source } = message;
    const held = [...this.#held.values(), ...this.#adding].filter((each) => each === source);
    const displaced = held.length < mostOfOneSource ? undefined : this.#oldestUnknown(source);
    if (held.length >= mostOfOneSource && displaced === undefined) return false;
    // Counted before it is written, so that many at once do not pass the bound.
    this.#adding.push(source);
    try {
      if (displaced !== undefined) await this.#displace(displaced, source);
      this.#held.set(await this.#directory.add(JSON.stringify({ version: 1, ...message })), source);
      this.#start();
      return true;
    } catch (error) {
      this.#ports.log.error({ code: codeOf(error) }, 'the quarantine cannot be written');
      return false;
    } finally {
      this.#adding.splice(this.#adding.indexOf(source), 1);
    }
  }

  #oldestUnknown(source: string): string | undefined {
    for (const [name, each] of this.#held) if (each === source && this.#unknown.has(name)) return name;
    return undefined;
  }

  async #displace(name: string, source: string): Promise<void> {
    this.#unknown.delete(name);
    this.#held.delete(name);
    this.#ports.onDisplaced(source);
    await this.#directory.remove(name);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#held.size > 0 && !this.#stop.signal.aborted) {
      await this.#ports.clock.sleep(retryMs, this.#stop.signal);
      if (!this.#stop.signal.aborted) await this.#settleAll();
    }
  }

  async #settleAll(): Promise<void> {
    for (const name of [...this.#held.keys()]) {
      if (this.#stop.signal.aborted) return;
      // Not displaced meanwhile, and not while it is being verified.
      if (!this.#held.has(name)) continue;
      this.#unknown.delete(name);
      const settled = await this.#settle(name);
      if (settled === 'unknown_key') this.#unknown.add(name);
      if (settled !== 'settled') continue;
      await this.#directory.remove(name).catch(() => undefined); // settled again after a restart, which changes nothing
      this.#held.delete(name);
    }
  }

  async #settle(name: string): Promise<Settled> {
    const message = await this.#read(name);
    if (message === 'later') return 'waits';
    return message === undefined ? 'settled' : await this.#ports.settle(message);
  }

  /** @returns `later` when the disk fails; undefined when the file is gone, or is no message and was set aside. */
  async #read(name: string): Promise<Unverified | 'later' | undefined> {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await this.#directory.read(name);
    } catch (error) {
      this.#ports.log.error({ code: codeOf(error) }, 'a file of the quarantine cannot be read now, and is kept');
      return 'later';
    }
    const { source, token, receivedAtMs } = (bytes && parseJsonObject(bytes)) ?? {};
    if (typeof source === 'string' && typeof token === 'string' && typeof receivedAtMs === 'number') {
      return { source, token, receivedAtMs };
    }
    this.#ports.log.error({}, 'a file of the quarantine is given up; it is kept with the ending .bad');
    this.#ports.onLost();
    await this.#directory.setAside(name);
    return undefined;
  }
}
