import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configJsonSchema, options } from '../../src/config/options.ts';

const shipped: unknown = JSON.parse(readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'));

describe('the published config.schema.json', () => {
  it('is equal to the schema of the code', () => {
    expect(shipped).toEqual(configJsonSchema());
  });

  it('has every option', () => {
    expect(Object.keys(configJsonSchema()['properties'] ?? {}).sort()).toEqual(options.map(({ name }) => name).sort());
  });
});
