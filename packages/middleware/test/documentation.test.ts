import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { clientCertificateOptionNames, dpopOptionNames } from '../src/binding/binding-options.ts';
import { type Reason, reasons, specOf } from '../src/errors.ts';
import { remedies } from '../src/explain/remedies.ts';
import { keySetLimitTable } from '../src/jwks/limits.ts';
import { issuerResolverOptionNames, knownAlgorithms } from '../src/options/issuer-options.ts';
import { numberOptions, verifierOptionNames } from '../src/options/options.ts';
import { profiles } from '../src/options/profiles.ts';
import { defaultFeed, revocationOptionNames } from '../src/revocation/revocation-options.ts';
import { usageOptionNames } from '../src/usage/usage-options.ts';
import { version } from '../src/version.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** Rows of all tables whose first cell is a code, without its quotes. */
function tableRows(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map(([name = '', ...cells]) => [name.replaceAll('`', ''), ...cells]);
}

describe('docs/errors.md', () => {
  const rows = tableRows(read('docs/errors.md'));

  it('has every reason once, in order, and no other', () => {
    expect(rows.map(([reason]) => reason)).toEqual(reasons);
  });

  it('gives each the status and error that clients get, a meaning and a fix', () => {
    for (const [reason, status, error, meaning, fix] of rows) {
      const spec = specOf(reason as Reason);
      expect([reason, status, error]).toEqual([reason, String(spec.status), spec.error ?? '–']);
      expect([reason, meaning?.endsWith('.'), fix]).toEqual([reason, true, remedies[reason as Reason]]);
    }
  });
});

describe('docs/verification.md', () => {
  const rows = tableRows(read('docs/verification.md'));
  const row = (name: string) => rows.find(([option]) => option === name) ?? [];

  it('has every option once, and no other', () => {
    const expected = [
      ...verifierOptionNames,
      ...issuerResolverOptionNames.map((name) => `issuers.${name}`),
      'tokenCache.maxEntries',
      ...dpopOptionNames.map((name) => `dpop.${name}`),
      ...clientCertificateOptionNames.map((name) => `clientCertificate.${name}`),
      ...usageOptionNames.map((name) => `usage.${name}`),
      ...revocationOptionNames.map((name) => `revocation.${name}`),
      ...Object.keys(keySetLimitTable).map((name) => `keySet.${name}`),
      ...Object.keys(profiles),
    ];
    expect(rows.map(([name]) => name).sort()).toEqual(expected.sort());
  });

  it.each(Object.entries(numberOptions))(
    'gives unit, default and bounds of %s',
    (name, { unit, min, max, ...rest }) => {
      expect(row(name).slice(1, 4)).toEqual([unit, String(rest.default ?? 'none'), `${min}–${max}`]);
    },
  );

  it.each(Object.entries(keySetLimitTable))('gives everything about keySet.%s', (name, spec) => {
    const { unit, min, max, meaning } = spec;
    expect(row(`keySet.${name}`).slice(1)).toEqual([unit, String(spec.default), `${min}–${max}`, meaning]);
  });

  it('lists the algorithms, the profiles and the default feed', () => {
    expect(row('algorithms')[3]).toBe(knownAlgorithms.join(' '));
    expect(row('profile')[3]).toBe(Object.keys(profiles).join(' '));
    expect(row('revocation.feed')[2]).toContain(defaultFeed);
  });

  it.each(Object.entries(profiles))('shows the claim map of %s', (name, { claimMap }) => {
    const { token, session, grant, subject, client, tenant } = claimMap;
    const shown = [token, session, grant, subject, client, tenant].map((claim) =>
      claim === null ? '–' : [claim].flat().join(', '),
    );
    expect(row(name).slice(1)).toEqual(shown);
  });
});

describe('the version', () => {
  it('is that of package.json', () => {
    expect(JSON.parse(read('packages/middleware/package.json')).version).toBe(version);
  });
});
