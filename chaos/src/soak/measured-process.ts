import { until } from '@revocast/test-support';
import type { ProcessFigures } from '../actors/message.ts';
import { type ActorOptions, ActorProcess } from '../world/actor-process.ts';

/**
 * Each measurement can collect garbage and compact the heap, and the young generation has a fixed size. So memory that
 * the garbage collector keeps in reserve does not look like growth.
 */
const nodeArgs = ['--expose-gc', '--compact-on-every-full-gc', '--min-semi-space-size=4', '--max-semi-space-size=4'];

/** A process of a soak that can be measured. */
export class MeasuredProcess {
  readonly actor: ActorProcess;
  #figures: ProcessFigures | undefined;
  #port: number | undefined;

  constructor(options: Omit<ActorOptions, 'nodeArgs' | 'onMessage'>) {
    this.actor = new ActorProcess({
      ...options,
      nodeArgs,
      onMessage: (message) => {
        // Sent by measure.ts and soak-api-main.ts as these types.
        if ('figures' in message) this.#figures = message.figures as ProcessFigures;
        if ('port' in message) this.#port = message.port as number;
      },
    });
  }

  /** The port of its HTTP server. @throws Error before the process has reported it. */
  get port(): number {
    if (this.#port === undefined) throw new Error(`${this.actor.who} has not reported its port`);
    return this.#port;
  }

  /** @throws Error when the process does not answer. */
  async figures(): Promise<ProcessFigures> {
    this.#figures = undefined;
    this.actor.tell({ tell: 'measure' });
    return await until(() => this.#figures, { what: `figures of ${this.actor.who}` });
  }
}
