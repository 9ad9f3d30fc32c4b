import { expect, it } from '@jest/globals';
import { storeErrorOf } from '../../src/postgres/store-errors.ts';

it.each([
  ['42501', 'StoreError', 'expected a role with select, insert, update and delete on the tables'],
  ['22021', 'StoreError', 'expected PostgreSQL to take the values, found that it refuses them (22021)'],
  ['23502', 'StoreError', 'expected PostgreSQL to take the values, found that it refuses them (23502)'],
  ['25006', 'StoreError', 'expected a PostgreSQL that takes writes'],
  ['42P01', 'ConfigurationError', 'migrate()'],
  ['57P01', 'StoreError', 'expected PostgreSQL to answer, found an error (57P01)'],
])('names the error %s of PostgreSQL, without the values of a row', (code, name, text) => {
  const error = storeErrorOf(Object.assign(new Error('alice'), { code, detail: 'alice' }));
  expect(error).toMatchObject({ name, message: expect.stringContaining(text) });
  expect(JSON.stringify(error) + error.message).not.toContain('alice');
});
