import {
  type Change,
  type Clock,
  Denylist,
  type DigestSet,
  type DimensionValue,
  digestOf,
  digestSetOf,
  forEver,
  type Rule,
  type Verdict,
} from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import type { Auth } from '../../src/decision.ts';
import type { FeedObserver } from '../../src/revocation/shared-replica.ts';
import type { EndReason } from '../../src/streams/watch.ts';
import { type StreamFeed, WatchedStreams, type WatchedStreamsParts } from '../../src/streams/watched-streams.ts';
import { VerifiedToken } from '../../src/token/verified-token.ts';

export const issuer = 'https://issuer.test/';
const noRule: Rule = { deniedUntil: 0, issuedUpTo: 0, denialStamp: 0, liftedUpTo: 0 };

/** A denylist whose rules, freshness and restart the test sets. It reports changes as the replica of a process does. */
export class ScriptedFeed implements StreamFeed {
  readonly denylist = new Denylist();
  readonly observers = new Set<FeedObserver>();
  staleSinceMs = 0;
  keptSeconds: number | undefined = undefined;
  restartedAtSeconds: number | undefined = undefined;
  readonly #clock: Clock;
  #isFresh = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isFresh(): boolean {
    return this.#isFresh;
  }

  setFresh(isFresh: boolean): void {
    this.#isFresh = isFresh;
    this.staleSinceMs = this.#clock.monotonicMs();
  }

  check(digests: DigestSet, issuedAt: number): Verdict {
    const dimension = this.denylist.denyingDimension(digests, issuedAt, Math.floor(this.#clock.wallMs() / 1000));
    if (dimension !== undefined) return { verdict: 'revoked', dimension };
    if (!this.#isFresh) return { verdict: 'unknown', cause: 'stale' };
    return { verdict: 'active', restartedAtSeconds: this.restartedAtSeconds };
  }

  subscribe(observer: FeedObserver): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  ruleOf(value: DimensionValue): Rule | undefined {
    return this.denylist.get(digestOf(value));
  }

  /** Merges a rule and reports it, in one turn. */
  change(value: DimensionValue, rule: Partial<Rule>, details?: Change['details']): void {
    const nowMs = this.#clock.wallMs();
    const change: Change = { digest: digestOf(value), rule: { ...noRule, ...rule }, loggedAtMs: nowMs, details };
    const result = this.denylist.merge(change, 'union') === 'changed' ? 'applied' : 'duplicate';
    for (const observer of this.observers) observer.changeApplied?.(change, result, nowMs + 20);
  }

  deny(value: DimensionValue, stamp = 1): void {
    const nowMs = this.#clock.wallMs();
    const details = { id: 'a', kind: 'revoke', dimension: value.dimension, requestedAtMs: nowMs } as const;
    this.change(value, { deniedUntil: forEver, denialStamp: stamp }, details);
  }

  /** A snapshot has brought a rule: its changes are not reported one by one. */
  resync(value: DimensionValue, rule: Partial<Rule>): void {
    this.denylist.merge({ digest: digestOf(value), rule: { ...noRule, ...rule } }, 'union');
    for (const observer of this.observers) observer.resynced?.(1);
  }
}

export interface TokenShape {
  readonly values: readonly DimensionValue[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The key set of the issuer, as the test sets it. */
export class ScriptedKeys {
  trusted = true;
  state: 'fresh' | 'expired' = 'fresh';
  trusts = () => this.trusted;
  status = () => ({ state: this.state, keys: 1, skipped: {}, consecutiveFailures: 0, retryAfterMs: 0 });
}

export function openStreams(parts: Partial<WatchedStreamsParts> = {}) {
  const clock = new FakeClock();
  const feed = new ScriptedFeed(clock);
  const keys = new ScriptedKeys();
  const later: (() => void)[] = [];
  const ended: { readonly reason: EndReason; readonly seconds: number | undefined }[] = [];
  const streams = new WatchedStreams({
    clock,
    random: () => 0.5,
    afterTurn: (callback) => void later.push(callback),
    telemetry: { streamEnded: (reason, seconds) => void ended.push({ reason, seconds }) },
    feed,
    onLogReset: 'accept',
    whenUnknown: 'unavailable',
    maxStreams: 1000,
    ...parts,
  });
  const trusted = { issuer, alias: 'issuer', keys, policy: { clockToleranceMs: 0 } };
  const tokenOf = ({ values, issuedAt, expiresAt }: TokenShape): VerifiedToken => {
    const claims = { iat: issuedAt, exp: expiresAt };
    const auth = { issuedAt, expiresAt, claims } as unknown as Auth; // only its times are read
    return new VerifiedToken(
      trusted as never, // only its keys and its tolerance are read
      { outcome: 'accepted', auth, issuerAlias: 'issuer', cached: true },
      { issuedAt, digests: digestSetOf(values), confirmation: undefined, keyIdentity: 'key-1' },
    );
  };
  const nowSeconds = () => Math.floor(clock.wallMs() / 1000);
  /** A token of a session, 300 s before its end. */
  const token = (session = 's-1', expiresIn = 300) =>
    tokenOf({
      values: [
        { dimension: 'session', issuer, value: session },
        { dimension: 'subject', issuer, value: 'alice' },
        { dimension: 'issuer', issuer, value: issuer },
      ],
      issuedAt: nowSeconds() - 60,
      expiresAt: nowSeconds() + expiresIn,
    });
  return { clock, feed, keys, streams, ended, later, tokenOf, token, nowSeconds };
}

export const session = (value: string): DimensionValue => ({ dimension: 'session', issuer, value });
