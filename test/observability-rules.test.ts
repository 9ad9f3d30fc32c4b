import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { reasons } from '@revocast/middleware';
import { parse } from 'yaml';
import {
  alerts,
  filesIn,
  foreignLabelsIn,
  readText,
  records,
  root,
  runbookOf,
  unknownMetricsIn,
} from './observability-files.ts';

const named = alerts.map((rule) => [rule.alert ?? '', rule] as const);
const tested = filesIn('ops/prometheus/tests').flatMap((path) => {
  const { tests }: { tests: { name: string }[] } = parse(readText(path));
  return tests.map(({ name }) => name);
});

describe.each(named)('the alert %s', (alert, { expr, for: lasting, labels, annotations = {} }) => {
  it('says how long, how bad, what and where to read on', () => {
    expect(lasting).toMatch(/^\d+[sm]$/);
    expect(['critical', 'warning']).toContain(labels?.['severity']);
    expect(annotations['summary']).toMatch(/^.{20,80}[^.]$/);
    expect(annotations['description']).toMatch(/^.{40,}\.$/);
    expect(annotations['runbook_url']).toBe(runbookOf(alert));
  });

  it('names metrics and labels that exist', () => {
    expect(unknownMetricsIn(expr)).toEqual([]);
    expect(foreignLabelsIn(expr)).toEqual([]);
  });

  it('is tested by promtool to fire, and to be silent', () => {
    expect(tested.filter((name) => name.startsWith(`${alert} fires `))).not.toEqual([]);
    expect(tested.filter((name) => name.startsWith(`${alert} is silent `))).not.toEqual([]);
  });

  it('has a runbook that says what it means, how to look and what to do, with metrics that exist', () => {
    const page = readText(runbookOf(alert));
    expect(page.split('\n')[0]).toBe(`# ${alert}`);
    const sections = page.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0])).toEqual(['What it means', 'How to look', 'What to do']);
    for (const section of sections) expect(section.length).toBeGreaterThan(90);
    expect(page).toMatch(/(revocast|oauth2)[_:]/);
    expect(unknownMetricsIn(page)).toEqual([]);
    for (const [expression] of page.matchAll(/`[^`]+`/g)) expect(foreignLabelsIn(expression)).toEqual([]);
    const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link ?? '');
    expect(links.filter((link) => !existsSync(join(root, dirname(runbookOf(alert)), link)))).toEqual([]);
  });
});

describe('the recording rules', () => {
  it.each(records.map(({ record, expr }) => [record ?? '', expr]))(
    '%s names metrics and labels that exist',
    (_, expr) => {
      expect(unknownMetricsIn(expr)).toEqual([]);
      expect(foreignLabelsIn(expr)).toEqual([]);
    },
  );

  it('are recorded once each', () => {
    const names = records.map(({ record }) => record);
    expect(names).toEqual([...new Set(names)]);
  });
});

it('has no runbook and no promtool test of an alert or a record that does not exist', () => {
  const pages = alerts.map(({ alert = '' }) => runbookOf(alert));
  expect(filesIn('docs/runbooks').sort()).toEqual(pages.sort());
  const known = new Set([...alerts.map(({ alert }) => alert), ...records.map(({ record }) => record)]);
  expect(tested.filter((name) => !known.has(name.split(' ')[0]))).toEqual([]);
});

it('covers every reason in the runbook that maps reasons to people', () => {
  const page = readText(runbookOf('Unauthorized401Spike'));
  const others = ['jwks_unavailable', 'denylist_unavailable', 'internal_error', 'insufficient_scope'];
  const refused = reasons.filter((reason) => !reason.endsWith('_throttled'));
  expect(refused.filter((reason) => !others.includes(reason) && !page.includes(`\`${reason}\``))).toEqual([]);
});

describe('the search for unknown metrics', () => {
  it('finds a metric and a label value that nobody exports', () => {
    expect(unknownMetricsIn('rate(revocast_nothing_total[5m]) + revocast_degraded')).toEqual([
      'revocast_nothing_total',
    ]);
    expect(foreignLabelsIn('revocast_feed_state{state="rotten"} + revocast_degraded{kid="a"}')).toEqual([
      'revocast_feed_state{state="rotten"}',
      'revocast_degraded{kid="a"}',
    ]);
  });
});
