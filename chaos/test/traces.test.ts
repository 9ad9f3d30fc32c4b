import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { faults } from '../src/faults/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}packages/denylist/test/traces/README.md`, 'utf8');

interface Shown {
  readonly trace: string;
  /** A test file, or `chaos:` and the name of a fault. */
  readonly where: string;
  /** Of the test; empty for a fault. */
  readonly title: string;
}

const shown = [...text.matchAll(/^\| ([FW]\d+[a-z]?) \| [^|]+ \| (.+) \|$/gm)].flatMap(([, trace = '', cell = '']) =>
  cell.split('<br>').map((one): Shown => {
    const [, where = '', title = ''] = /^`([^`]+)`(?:: (.+))?$/.exec(one) ?? [];
    return { trace, where, title };
  }),
);

/** The findings by number, with a letter where one number has several sequences of events. */
const traces = (
  'F1a F1b F2 F3 F4 F5a F5b F5c F5d F5e F5f F5g F6 F7 F8 F9 F10 F11a F11b F11c F11d F12 F13a F13b F14a F14b F14c F14d ' +
  'F15a F15b F16a F16b F17 F18 F19 F20 F21 F22 F23 F24 W1 W2 W3 W4 W5 W6 W7 W8'
).split(' ');

describe('the table of traces', () => {
  it.each(traces)('names a test or a fault for %s', (trace) => {
    expect(shown.filter((one) => one.trace === trace)).not.toEqual([]);
  });

  it('has no other traces', () => {
    expect([...new Set(shown.map(({ trace }) => trace))]).toEqual(traces);
  });

  it.each(shown)('names an existing test or fault for $trace: $where $title', ({ where, title }) => {
    if (where.startsWith('chaos:')) {
      expect(faults.map(({ name }) => `chaos:${name}`)).toContain(where);
      return;
    }
    expect(title).not.toBe('');
    expect(existsSync(`${root}${where}`)).toBe(true);
    const source = readFileSync(`${root}${where}`, 'utf8');
    // The title of a test, or of a row of it.each().
    expect(['it(', '['].some((before) => source.includes(`${before}'${title}'`))).toBe(true);
  });
});
