import { closeSync, openSync, writeSync } from 'node:fs';
import type { DigestSet, LookUp, Replica } from '@revocast/denylist/replica';
import type { HistoryRecord, ProbeRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import { digestNamesOf, digestsOf } from '../tokens.ts';
import { encodeVerdicts, type VerdictLetter } from '../verdict-letters.ts';
import type { ApiSettings } from './message.ts';

const tickMs = 20;
/** The newest tokens are looked at in every tick, all of them this often. */
const sweepMs = 250;
const newest = 48;
const memoryMs = 500;
/** Look-ups under way at most, for the newest tokens that memory cannot tell. */
const maxLookUps = 8;

export interface ProberOptions extends ApiSettings {
  readonly replica: Replica;
  readonly check: Replica['check'];
  readonly lookUp: LookUp | undefined;
}

/** What requests would have been answered, over and over, written down before the process can be killed. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #file: number;
  readonly #digests: DigestSet[] = [];
  readonly #tokensByDigest = new Map<string, number>();
  #sweptAtMs = 0;
  #rememberedAtMs = 0;
  #lookUps = 0;
  #toldFresh = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#file = openSync(options.historyFile, 'a');
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
    // Before the look: what is accepted below was accepted no earlier than this.
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
    this.#tellFresh(fresh);
    if (lookUp === undefined) {
      const answered = whenUnknown === 'accept' ? letters.map((letter) => (letter === 'u' ? 'p' : letter)) : letters;
      this.#write({ ...probe, verdicts: encodeVerdicts(answered), ...(withDimensions ? { dimensions } : {}) });
      return;
    }
    // An answer from memory is final; other tokens are looked up, a few at a time.
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

  #record({
    startMs,
    fresh,
    cause,
    from,
  }: Pick<ProbeRecord, 'startMs' | 'fresh' | 'from'> & { cause: string | undefined }) {
    const { who, life, via } = this.#options;
    const endMs = monotonicMs();
    return {
      kind: 'probe',
      who,
      life,
      via,
      startMs,
      endMs,
      fresh,
      from,
      cause,
    } as const;
  }

  /** The script of a fault waits for it; what is judged stands in the history. */
  #tellFresh(fresh: boolean): void {
    if (fresh === this.#toldFresh) return;
    this.#toldFresh = fresh;
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

  /** At once: a line still in memory would die with the process. */
  #write(record: HistoryRecord): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  }
}
