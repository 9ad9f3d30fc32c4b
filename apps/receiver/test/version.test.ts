import { expect, it } from '@jest/globals';
import { build } from '../src/version.ts';

it('reports the version of the package', () => {
  expect(build).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+/), node: process.version });
});
