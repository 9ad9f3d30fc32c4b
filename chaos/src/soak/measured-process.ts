import { until } from '@revocast/test-support';
import type { ProcessFigures } from '../actors/message.ts';
import { type ActorOptions, ActorProcess } from '../world/actor-process.ts';

/**
 * A collection can be asked for and leaves no gaps, and the young generation has one size from the start: what the
 * collector keeps in reserve from one sample to the next must not be taken for growth. A leak stays one.
 */
const nodeArgs = ['--expose-gc', '--compact-on-every-full-gc', '--min-semi-space-size=4', '--max-semi-space-size=4'];

/** A process of a soak, which says its figures when asked. */
export class MeasuredProcess {
  readonly actor: ActorProcess;
  #figures: ProcessFigures | undefined;
  #port: number | undefined;

  constructor(options: Omit<ActorOptions, 'nodeArgs' | 'onMessage'>) {
    this.actor = new ActorProcess({
      ...options,
      nodeArgs,
      onMessage: (message) => {
        // Sent by our own actors, from these very types.
        if ('figures' in message) this.#figures = message.figures as ProcessFigures;
        if ('port' in message) this.#port = message.port as number;
      },
    });
  }

  /** Where it answers, if it has said so. */
  get port(): number {
    if (this.#port === undefined) throw new Error(`${this.actor.who} has said no port`);
    return this.#port;
  }

  /** @throws Error when it does not answer. */
  async figures(): Promise<ProcessFigures> {
    this.#figures = undefined;
    this.actor.tell({ tell: 'measure' });
    return await until(() => this.#figures, { what: `figures of ${this.actor.who}` });
  }
}
