import { closeSync, writeSync } from 'node:fs';
import type { DigestSet, LookUp, Replica } from '@revocast/denylist/replica';
import type { HistoryRecord, ProbeRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import { digestNamesOf, digestsOf } from '../tokens.ts';
import { encodeVerdicts, type VerdictLetter } from '../verdict-letters.ts';
import { openHistory } from '../world/recorder.ts';
import type { ApiSettings } from './message.ts';

const tickMs = 20;
/** Each tick probes the newest tokens; a sweep probes all tokens. */
const sweepMs = 250;
const newest = 48;
const memoryMs = 500;
/** Maximum number of look-ups at the same time. Only the newest tokens with an unknown verdict are looked up. */
const maxLookUps = 8;

export interface ProberOptions extends ApiSettings {
  readonly replica: Replica;
  readonly check: Replica['check'];
  readonly lookUp: LookUp | undefined;
}

/** Checks the tokens at regular intervals and writes each verdict to the history file immediately. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #file: number;
  readonly #digests: DigestSet[] = [];
  readonly #tokensByDigest = new Map<string, number>();
  #sweptAtMs = 0;
  #rememberedAtMs = 0;
  #lookUps = 0;
  #reportedFresh = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#file = openHistory(options.historyFile);
    this.watch(options.tokens);
  }

  watch(tokens: number): void {
    for (let token = this.#digests.length; token < tokens; token++) {
      this.#digests.push(digestsOf(token));
      for (const name of digestNamesOf(token)) this.#tokensByDigest.set(name, token);
    }
  }

  start(): void {
    setInterval(() => this.#tick(), tickMs);
  }

  applied(digest: string, reportedMs: number, atMs: number): void {
    const token = this.#tokensByDigest.get(digest);
    if (token === undefined) return;
    this.#write({ kind: 'applied', who: this.#options.who, token, reportedMs, atMs });
  }

  close(): void {
    closeSync(this.#file);
  }

  #tick(): void {
    const nowMs = monotonicMs();
    const sweep = nowMs - this.#sweptAtMs >= sweepMs;
    if (sweep) this.#sweptAtMs = nowMs;
    this.#probe(sweep ? 0 : Math.max(0, this.#digests.length - newest), sweep);
    if (nowMs - this.#rememberedAtMs < memoryMs) return;
    this.#rememberedAtMs = nowMs;
    this.#noteMemory(nowMs);
  }

  #probe(from: number, withDimensions: boolean): void {
    const { check, issuedAt, whenUnknown, lookUp, replica } = this.#options;
    const letters: VerdictLetter[] = [];
    const dimensions: string[] = [];
    const unknown: number[] = [];
    // Read before the checks, so that no verdict below is older than this time.
    const startMs = monotonicMs();
    for (let token = from; token < this.#digests.length; token++) {
      const verdict = check(this.#digests[token]!, issuedAt);
      if (verdict.verdict === 'revoked') dimensions.push(verdict.dimension);
      if (verdict.verdict === 'unknown') unknown.push(token);
      letters.push(verdict.verdict === 'active' ? 'a' : verdict.verdict === 'revoked' ? 'r' : 'u');
    }
    const { state, cause } = replica.freshness.status();
    const fresh = state === 'fresh';
    const probe = this.#record({ startMs, fresh, cause, from });
    this.#reportFresh(fresh);
    if (lookUp === undefined) {
      const answered = whenUnknown === 'accept' ? letters.map((letter) => (letter === 'u' ? 'p' : letter)) : letters;
      this.#write({
        ...probe,
        verdicts: encodeVerdicts(answered),
        dimensions: withDimensions ? dimensions : undefined,
      });
      return;
    }
    // A verdict from memory is final. Tokens with an unknown verdict are looked up, a few at a time.
    this.#write({ ...probe, verdicts: encodeVerdicts(letters) });
    for (const token of unknown.slice(-maxLookUps)) void this.#ask(token, lookUp);
  }

  async #ask(token: number, lookUp: LookUp): Promise<void> {
    if (this.#lookUps >= maxLookUps) return;
    this.#lookUps += 1;
    const startMs = monotonicMs();
    const { verdict } = await lookUp.find(this.#digests[token]!, this.#options.issuedAt);
    this.#lookUps -= 1;
    const letter = verdict === 'active' ? 'A' : verdict === 'revoked' ? 'R' : 'u';
    const cause = this.#options.replica.freshness.status().cause ?? 'unknown';
    this.#write({ ...this.#record({ startMs, fresh: false, cause, from: token }), verdicts: letter });
  }

  #record(probe: Pick<ProbeRecord, 'startMs' | 'fresh' | 'cause' | 'from'>) {
    const { who, life, via } = this.#options;
    return { kind: 'probe', who, life, via, endMs: monotonicMs(), ...probe } as const;
  }

  /** The suite waits for this message. The checkers read only the history file. */
  #reportFresh(fresh: boolean): void {
    if (fresh === this.#reportedFresh) return;
    this.#reportedFresh = fresh;
    process.send?.({ fresh });
  }

  #noteMemory(atMs: number): void {
    const { replica, who, maxRssBytes } = this.#options;
    const { denylist, freshness } = replica;
    this.#write({
      kind: 'memory',
      who,
      atMs,
      rules: denylist.size,
      maxRules: denylist.maxRules,
      rssBytes: process.memoryUsage.rss(),
      maxRssBytes,
      fresh: freshness.isFresh(),
      full: denylist.full,
    });
  }

  /** Synchronous, so that a line is not lost when the process is killed. */
  #write(record: HistoryRecord): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  }
}
