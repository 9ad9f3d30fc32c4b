import { describe, expect, it } from '@jest/globals';
import { fixForFeedError } from '@revocast/denylist/replica';
import type { ConsoleView } from '../../src/console/console-view.ts';
import { formatClock, formatCount, formatDuration, formatTime } from '../../src/console/render/format.ts';
import { describeState, renderFreshness } from '../../src/console/render/freshness.ts';
import { renderLatency } from '../../src/console/render/latency.ts';
import { renderLatencyPlot } from '../../src/console/render/latency-plot.ts';
import { liveParts, renderPage } from '../../src/console/render/page.ts';
import { renderReplicas } from '../../src/console/render/replicas.ts';
import { renderRevocations } from '../../src/console/render/revocations.ts';
import { securityHeaders } from '../../src/console/security-headers.ts';
import { statusOf, viewOf } from './console-view.ts';

/** The text of markup, without tags. */
const textOf = (markup: { toString(): string }) =>
  markup
    .toString()
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

const revocation = (changes: Partial<ConsoleView['revocations'][number]> = {}) => ({
  kind: 'revoke' as const,
  id: 'e-1',
  digest: '0123abcd'.repeat(4),
  loggedAtMs: Date.UTC(2026, 0, 1, 11, 59, 59, 7),
  latencyMs: 4,
  propagationMs: 2,
  ...changes,
});

describe('durations', () => {
  it.each([
    [0, '< 0.1 ms'],
    [0.09, '< 0.1 ms'],
    [0.1, '0.1 ms'],
    [9.94, '9.9 ms'],
    [9.95, '10 ms'],
    [999.4, '999 ms'],
    [999.5, '1 s'],
    [1250, '1.25 s'],
    [9994, '9.99 s'],
    [9995, '10 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min'],
    [3_569_999, '59 min'],
    [3_570_000, '1 h'],
    [86_400_000, '24 h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('prints times in UTC, and an invalid time as question marks', () => {
    expect(formatTime(0)).toBe('1970-01-01 00:00:00 UTC');
    expect(formatClock(7)).toBe('00:00:00.007');
    expect(formatTime(Number.NaN)).toBe('????-??-?? ??:??:?? UTC');
    expect([999, 1000, 4_000_000].map(formatCount)).toEqual(['999', '1,000', '4,000,000']);
  });
});

describe('the state of the sidecar', () => {
  const stale = statusOf({ freshness: { state: 'stale', cause: 'no_heartbeat', sinceMs: 0 } });

  it.each<[string, Partial<ConsoleView>, RegExp]>([
    ['fresh', {}, /^Fresh: what is not on the list is not revoked\.$/],
    [
      'fresh over a source that is not safe',
      { readiness: { ok: false, check: 'source', cause: 'eviction', remedy: 'set noeviction' } },
      /^Fresh, and not ready \(eviction\)\. To do: set noeviction\.$/,
    ],
    [
      'stale',
      { status: stale, readiness: { ok: false, check: 'freshness', remedy: 'look there' } },
      /^Stale \(no_heartbeat\): .*proves nothing.* To do: look there\.$/,
    ],
    ['cold', { status: statusOf({ freshness: { state: 'cold', cause: 'cold', sinceMs: 0 } }) }, /^Cold \(cold\)/],
    ['stopping', { readiness: { ok: false, check: 'stopping' } }, /^Stopping/],
  ])('is described in one sentence: %s', (_name, changes, sentence) => {
    expect(describeState(viewOf(changes))).toMatch(sentence);
  });

  it('is shown with every known number', () => {
    const nowMs = Date.UTC(2026, 0, 1, 12);
    const status = statusOf({
      watermarkMs: nowMs - 400,
      clockOffsetMs: -2.5,
      epoch: 'abcd',
      maxTokenLifetimeSeconds: 86_400,
    });
    const text = textOf(renderFreshness(viewOf({ nowMs, status })));
    expect(text).toContain('Age of the proof 312 ms fresh up to 5 s');
    expect(text).toContain('Watermark 11:59:59.600 complete up to then; 398 ms ago');
    expect(text).toContain('Rules held 1,234,567 30.9 % of the cap of 4,000,000');
    expect(text).toContain('Clock offset −2.5 ms');
    expect(text).toContain('Last error none');
    expect(text).toContain('history abcd');
    expect(text).toContain('24 h');
  });

  it('shows no number that is not known', () => {
    const freshness = { state: 'cold', cause: 'cold', sinceMs: 0 } as const;
    const text = textOf(renderFreshness(viewOf({ status: statusOf({ freshness, rules: 0, lastError: 'loading' }) })));
    expect(text).toContain('Age of the proof none yet');
    expect(text).toContain('Watermark none yet');
    expect(text).toContain('Clock offset not known yet');
    expect(text).toContain(`Last error loading ${fixForFeedError('loading')}`);
  });

  it('mentions the restart of the log only while revocations may be missing', () => {
    const words = (status: Parameters<typeof statusOf>[0]) =>
      textOf(renderFreshness(viewOf({ status: statusOf(status) })));
    const text = words({ restartedAtSeconds: 1_767_225_600 });
    expect(text).toContain('log restarted : at 2026-01-01 00:00:00 UTC');
    expect(text).toContain('revocast-sidecar init');
    expect(words({})).not.toContain('restarted');
  });
});

describe('the replicas', () => {
  const replica = { id: '0'.repeat(16), failOpen: false, maxStalenessMs: 5000 };

  it('are listed by label or id, with their lag and their policy while revocation is unknown', () => {
    const text = textOf(
      renderReplicas(
        viewOf({
          streams: 2,
          replicas: [
            { ...replica, id: 'lost', label: '', lag: { kind: 'unknown' } },
            { ...replica, id: 'late', lag: { kind: 'behind', changes: 1, ms: 40 }, failOpen: true, silentMs: 2500 },
            { ...replica, id: 'later', lag: { kind: 'behind', changes: 1200, ms: 3000 }, silentMs: 4100 },
            { ...replica, id: 'f'.repeat(16), label: 'pod-1', lag: { kind: 'current' } },
          ],
        }),
      ),
    );
    expect(text).toContain('4 in total: 1 up to date, 2 behind, 1 unknown. 2 open streams.');
    expect(text).toContain('lost unknown: not synchronised yet, or far behind none answers 503, after 5 s');
    expect(text).toContain('late 1 entry, 40 ms less than 3 s ago accepts, after 5 s');
    expect(text).toContain('later 1,200 entries, 3 s silent for 4 s');
    expect(text).toContain('pod-1 nothing');
    expect(text).not.toContain('ffff');
  });

  it('are at most 50 rows, and the sum counts all', () => {
    const many = (count: number) =>
      renderReplicas(
        viewOf({
          replicas: Array.from({ length: count }, (_, at) => ({
            ...replica,
            id: `pod-${at}`,
            lag: { kind: 'current' as const },
          })),
        }),
      ).toString();
    expect(many(50).match(/<tr><th scope="row"/g)).toHaveLength(50);
    expect(many(50)).not.toContain('are shown');
    expect(many(51).match(/<tr><th scope="row"/g)).toHaveLength(50);
    expect(many(51)).toContain('51 in total');
    expect(many(51)).toContain('are shown');
  });
});

describe('the latency', () => {
  it('has no figure without a measurement', () => {
    const text = textOf(renderLatency(viewOf()));
    expect(text).toContain('No live revocation');
    expect(text).toContain('Request – – – – 0');
  });

  it('counts revocations but not lifts', () => {
    const revocations = [
      revocation({ latencyMs: 4 }),
      revocation({ latencyMs: 2000 }),
      revocation({ kind: 'lift', propagationMs: 9 }),
    ];
    const { latencyMs: _, ...lift } = revocations[2] ?? revocation();
    const text = textOf(renderLatency(viewOf({ revocations: [...revocations.slice(0, 2), lift], heartbeats: [1, 3] })));
    expect(text).toContain('Request 4.0 ms 2 s 2 s 2 s 2');
    expect(text).toContain('Log 2.0 ms 2.0 ms 2.0 ms 2.0 ms 2');
    expect(text).toContain('Heartbeat 1.0 ms 3.0 ms 3.0 ms 3.0 ms 2');
  });

  it('is drawn for the last hundred, with those above one second marked', () => {
    const svg = renderLatencyPlot([...Array.from({ length: 120 }, () => 5), 1000, 1000.1]).toString();
    expect(svg.match(/<rect/g)).toHaveLength(100);
    expect(svg.match(/bar slow/g)).toHaveLength(1);
    expect(svg).toContain('aria-label="The last 100 revocations: 5.0 ms to 1 s; 1 took longer than 1 s."');
  });

  it.each([0, 0.05, 0.1, 10, 10_000, 1e9])('of %d ms is drawn inside the plot', (ms) => {
    const [, y, height] =
      /<rect class="[^"]*" x="[^"]*" y="([\d.]+)" width="[^"]*" height="([\d.]+)"/.exec(
        renderLatencyPlot([ms]).toString(),
      ) ?? [];
    expect(Number(height)).toBeGreaterThanOrEqual(2);
    expect(Number(y)).toBeGreaterThanOrEqual(8);
    expect(Number(y) + Number(height)).toBeCloseTo(122, 0);
  });
});

describe('the last revocations', () => {
  it('are listed newest first, at most 25', () => {
    const revocations = Array.from({ length: 30 }, (_, at) => revocation({ actor: `actor-${at}.` }));
    const markup = renderRevocations(viewOf({ revocations })).toString();
    expect(markup.match(/actor-\d+/g)?.slice(0, 2)).toEqual(['actor-29', 'actor-28']);
    expect(markup).toContain('actor-5.');
    expect(markup).not.toContain('actor-4.');
  });

  it('contain only the known details', () => {
    const lift = { kind: 'lift', id: 'e-1', digest: '0123abcd'.repeat(4), loggedAtMs: 0, propagationMs: 1 } as const;
    const text = textOf(
      renderRevocations(viewOf({ revocations: [lift, revocation({ dimension: 'key', reason: 'policy' })] })),
    );
    expect(text).toContain('2026-01-01 11:59:59.007 key policy not given 0123abcd… 4.0 ms');
    expect(text).toContain('1970-01-01 00:00:00.000 not given lifted not given 0123abcd… –');
  });

  it('are counted by reason, the most frequent first', () => {
    const countByReason = new Map([
      ['admin', 2],
      ['logout', 1000],
    ]);
    expect(textOf(liveParts.refusals(viewOf({ countByReason })))).toMatch(/by reason: logout: 1,000 admin: 2$/);
    expect(textOf(liveParts.refusals(viewOf()))).toMatch(/by reason: none\.$/);
  });
});

describe('the page', () => {
  const attack = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";

  it('escapes actors, replicas, sources, causes and remedies', () => {
    const markup = renderPage(
      viewOf({
        version: attack,
        status: statusOf({ feed: attack, epoch: attack, lastError: attack }),
        readiness: { ok: false, check: 'source', cause: attack, remedy: attack },
        misconfigurations: [{ name: attack, severity: 'unsafe', found: attack, remedy: attack }],
        replicas: [{ id: attack, label: attack, failOpen: false, maxStalenessMs: 1000, lag: { kind: 'current' } }],
        revocations: [revocation({ actor: attack, dimension: attack as never, reason: attack as never })],
        countByReason: new Map([[attack, 1]]),
      }),
    );
    expect(markup).not.toContain('<script>alert');
    expect(markup).not.toContain('<img');
    expect(markup.match(/<script/g)).toHaveLength(1);
    expect(markup.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)?.length).toBeGreaterThanOrEqual(12);
  });

  it('loads only files of the sidecar, and has no inline script or style', () => {
    const markup = renderPage(viewOf());
    const sources = [...markup.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source = '']) => source);
    const foreign = sources.filter((source) => !/^(#|data:,$|\/console\/)/.test(source));
    expect(foreign).toEqual([]);
    expect(markup).not.toMatch(/<style|<script(?! type="module" src="\/console\/page\.js"><\/script>)/);
    expect(markup.match(/ (srcset|action|style|on\w+)=/g)).toBeNull();
    const policy = securityHeaders['Content-Security-Policy'];
    expect(policy).toContain("script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*|http/);
  });

  it('has landmarks, a label for its field, and live regions', () => {
    const markup = renderPage(viewOf());
    for (const element of ['<header>', '<main ', '<footer>', '<html lang="en">', '<label for="token">']) {
      expect(markup).toContain(element);
    }
    expect(markup).toContain('role="status"');
    expect(markup).toContain('aria-live="polite"');
    const ids = new Set([...markup.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, id] of markup.matchAll(/(?:aria-labelledby|aria-describedby|for)="([^"]+)"/g))
      expect(ids).toContain(id);
  });

  it('has no name for the token field, so that no form can send it', () => {
    expect(renderPage(viewOf())).not.toMatch(/<(textarea|form)[^>]* name=/);
  });
});
