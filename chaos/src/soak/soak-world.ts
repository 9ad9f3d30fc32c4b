import { get } from 'node:http';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { createSigner, type Signer } from '@revocast/test-support/signer';
import type { SidecarSettings, SoakApiSettings } from '../actors/message.ts';
import { issuer } from '../tokens.ts';
import { claimPort } from '../world/claim-port.ts';
import { Recorder } from '../world/recorder.ts';
import { declareWhole } from '../world/redis/declare-whole.ts';
import { redisCommand } from '../world/redis/redis-command.ts';
import { MeasuredProcess } from './measured-process.ts';
import type { SeriesBook } from './series.ts';

const audience = 'https://api.chaos.test';

interface SoakSidecar {
  readonly process: MeasuredProcess;
  readonly dataUrl: string;
  readonly adminPort: number;
}

/** Redis, two sidecars and three API processes, connected without proxies. */
export class SoakWorld {
  readonly redis: RedisServer;
  readonly signer: Signer;
  readonly apis: MeasuredProcess[] = [];
  readonly #sidecars: SoakSidecar[] = [];
  readonly #recorder: Recorder;
  readonly #cleanUps: (() => unknown)[] = [];

  private constructor(redis: RedisServer, signer: Signer, recorder: Recorder) {
    this.redis = redis;
    this.signer = signer;
    this.#recorder = recorder;
  }

  /** @param prepare changes the empty Redis before other processes start. */
  static async open(folder: string, prepare: (redis: RedisServer) => Promise<void>): Promise<SoakWorld> {
    const signer = await createSigner({ issuer, audience });
    const world = new SoakWorld(await startRedis(), signer, new Recorder(folder));
    try {
      await prepare(world.redis);
      await world.#build();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  async #build(): Promise<void> {
    await declareWhole(this.redis.url);
    for (const who of ['s1', 's2']) this.#sidecars.push(await this.#startSidecar(who));
    for (const [index, who] of ['a1', 'a2', 'a3'].entries()) {
      const { dataUrl } = this.#sidecars[index % 2]!;
      this.apis.push(await this.#startApi(who, dataUrl));
    }
  }

  /** Measures every process and the log. */
  async measure(book: SeriesBook, atMs: number): Promise<void> {
    for (const process of [...this.#sidecars.map((sidecar) => sidecar.process), ...this.apis]) {
      const { who } = process.actor;
      const { rssBytes, heapBytes, handles, timers, rules } = await process.figures();
      book.note(`${who} rss`, 'memory', { atMs, value: rssBytes });
      book.note(`${who} heap`, 'memory', { atMs, value: heapBytes });
      book.note(`${who} handles`, 'handles', { atMs, value: handles });
      book.note(`${who} timers`, 'size', { atMs, value: timers });
      if (rules !== undefined) book.note(`${who} rules`, 'size', { atMs, value: rules });
    }
    for (const { process, adminPort } of this.#sidecars) {
      const value = readGauge(await scrape(adminPort), 'revocast_denylist_rules');
      book.note(`${process.actor.who} rules`, 'size', { atMs, value });
    }
    const sizes = {
      stream: ['XLEN', 'log'],
      rules: ['HLEN', 'rules'],
      ids: ['ZCARD', 'ids'],
      replicas: ['HLEN', 'replicas'],
    };
    for (const [name, [command = '', key = '']] of Object.entries(sizes)) {
      const value = Number(await redisCommand(this.redis, command, `{revocast}:${key}`));
      book.note(`log ${name}`, 'size', { atMs, value });
    }
    const info = String(await redisCommand(this.redis, 'INFO', 'memory'));
    book.note('redis memory', 'memory', { atMs, value: Number(/^used_memory:(\d+)/m.exec(info)?.[1]) });
  }

  async close(): Promise<void> {
    const processes = [...this.apis, ...this.#sidecars.map((sidecar) => sidecar.process)];
    await Promise.all(processes.map(({ actor }) => actor.kill()));
    for (const cleanUp of this.#cleanUps.splice(0)) await cleanUp();
    await this.redis.stop();
  }

  async #startSidecar(who: string): Promise<SoakSidecar> {
    const [data, admin] = [await claimPort(), await claimPort()];
    this.#cleanUps.push(data.release, admin.release);
    const settings: SidecarSettings = {
      config: {
        source: this.redis.url,
        dataListen: `127.0.0.1:${data.port}`,
        adminListen: `127.0.0.1:${admin.port}`,
        maxStalenessMs: 5000,
        drainMs: 0,
        logLevel: 'silent',
      },
      clockOffsetMs: 0,
    };
    const process = this.#process(who, 'sidecar-main', settings);
    await process.actor.start();
    return { process, dataUrl: `http://127.0.0.1:${data.port}`, adminPort: admin.port };
  }

  async #startApi(who: string, feedUrl: string): Promise<MeasuredProcess> {
    const { publicJwk } = this.signer;
    const settings: SoakApiSettings = { feedUrl, audience, publicJwk: { ...publicJwk, kty: publicJwk.kty ?? 'EC' } };
    const process = this.#process(who, 'soak-api-main', settings);
    await process.actor.start();
    return process;
  }

  #process(who: string, program: 'sidecar-main' | 'soak-api-main', settings: object): MeasuredProcess {
    const process = new MeasuredProcess({ who, program, settings: () => settings, recorder: this.#recorder });
    this.#cleanUps.push(() => process.actor.kill());
    return process;
  }
}

/** Reads `/metrics` on a new connection, as Prometheus does. */
function scrape(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port, path: '/metrics', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject);
  });
}

function readGauge(exposition: string, name: string): number {
  const line = exposition.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  if (line === undefined) throw new Error(`the sidecar exposes no series ${name}`);
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}
