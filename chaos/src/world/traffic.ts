import type { StatementRecord } from '../history.ts';
import type { OwnDimension } from '../tokens.ts';
import { pause } from './pause.ts';
import type { SayOptions } from './speaker.ts';

/** The part of a world that {@link Traffic} uses. */
export interface Spoken {
  random(): number;
  newTokens(count: number): number;
  revoke(token: number, options: SayOptions): Promise<StatementRecord>;
  lift(token: number, options: { readonly dimension: OwnDimension }): Promise<StatementRecord>;
}

/** A denial is lifted this many revocations later. */
const heldBack = 4;

/** Revokes and lifts continuously, one statement at a time. Half of the new tokens are never revoked. */
export class Traffic {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  /** @param everyMs the mean time between two statements. */
  constructor(world: Spoken, everyMs: number) {
    this.#running = this.#publish(world, everyMs);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #publish(world: Spoken, everyMs: number): Promise<void> {
    const liftable: { readonly token: number; readonly dimension: OwnDimension }[] = [];
    while (!this.#stop.signal.aborted) {
      const token = world.newTokens(2);
      const dimension = drawDimension(world.random());
      const { outcome, effect } = await world.revoke(token, { dimension });
      if (outcome === 'acknowledged' && effect === 'denial' && world.random() < 0.3)
        liftable.push({ token, dimension });
      const due = liftable.length > heldBack ? liftable.shift() : undefined;
      if (due !== undefined) await world.lift(due.token, { dimension: due.dimension });
      await pause(everyMs * (0.5 + world.random()));
    }
  }
}

function drawDimension(drawn: number): OwnDimension {
  if (drawn < 0.3) return 'token';
  if (drawn < 0.6) return 'session';
  return drawn < 0.8 ? 'grant' : 'subject';
}
