import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configJsonSchema, options } from '../../src/config/options.ts';

const shipped: unknown = JSON.parse(readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'));

describe('the shipped config.schema.json', () => {
  it('is what the code accepts', () => {
    expect(shipped).toEqual(configJsonSchema());
  });

  it('names every option', () => {
    expect(Object.keys(configJsonSchema()['properties'] ?? {}).sort()).toEqual(options.map(({ name }) => name).sort());
  });
});
