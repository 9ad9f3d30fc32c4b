import express5 from 'express';
// @ts-expect-error the alias has no types of its own; it is typed as Express 5 below
import express4 from 'express4';

/** The two majors behind one name each; express 4 is typed as 5, whose calls used here are the same. */
export const expressVersions = [
  ['Express 4', express4 as typeof express5],
  ['Express 5', express5],
] as const;
