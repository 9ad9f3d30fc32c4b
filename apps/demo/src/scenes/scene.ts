import type { OauthClient } from '../client/oauth-client.ts';
import type { SendRequest } from '../client/send-request.ts';
import type { Narrator } from '../report/narrator.ts';
import type { World } from '../world/world.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Measured facts of a scene, for `--json`. */
export type Facts = Readonly<Record<string, Json>>;

/** What a scene may use. */
export interface Stage {
  readonly world: World;
  readonly send: SendRequest;
  readonly narrator: Narrator;
  /** A user with a browser of their own, without cookies. */
  newBrowser(): OauthClient;
  /** Records whether a promise was kept. A scene with one `false` has failed, and continues. */
  check(held: boolean, promise: string): void;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Unix milliseconds. */
  wallMs(): number;
  sleep(ms: number): Promise<void>;
  readonly revocationsUnderLoad: number;
}

export interface Scene {
  readonly letter: string;
  readonly name: string;
  readonly title: string;
  play(stage: Stage): Promise<Facts>;
}
