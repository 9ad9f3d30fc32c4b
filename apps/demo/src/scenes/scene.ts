import type { OauthClient } from '../client/oauth-client.ts';
import type { SendRequest } from '../client/send-request.ts';
import type { Narrator } from '../report/narrator.ts';
import type { World } from '../world/world.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Measurements of a scene, for `--json`. */
export type Facts = Readonly<Record<string, Json>>;

/** The environment of a scene. */
export interface Stage {
  readonly world: World;
  readonly send: SendRequest;
  readonly narrator: Narrator;
  /** A user with a new browser, without cookies. */
  newBrowser(): OauthClient;
  /** Records the result of a check. After a failed check the scene continues, and counts as failed. */
  check(held: boolean, expectation: string): void;
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
