import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { storeErrorCodes } from '@revocast/issuer';
import { lifecycleEventTypes } from '../src/events/parse-event.ts';
import { optionNames } from '../src/lifecycle/lifecycle-options.ts';
import { attemptFailures } from '../src/telemetry/issuer-metrics.ts';

const page = readFileSync(new URL('../../../docs/issuer.md', import.meta.url), 'utf8');
const named = new Set([...page.matchAll(/`([a-zA-Z_]+)`/g)].map(([, name]) => name));
const metrics = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');

describe('docs/issuer.md', () => {
  it.each([
    ['option', optionNames],
    ['event', lifecycleEventTypes],
    ['error of the store', storeErrorCodes],
    ['state', ['logged', 'pending', 'not_committed', 'refused', 'stuck']],
    ['option of the store', ['schema', 'listen', 'timeoutMs', 'maxRows']],
  ])('names every %s', (_kind, names) => {
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });
});

it('docs/metrics.md names every reason for which an attempt fails', () => {
  expect(attemptFailures.filter((code) => !metrics.includes(code))).toEqual([]);
});
