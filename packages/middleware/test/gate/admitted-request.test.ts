import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Auth } from '../../src/decision.ts';
import type { Admission } from '../../src/gate/admission.ts';
import * as here from '../../src/gate/admitted-request.ts';

describe('the admission noted on a request', () => {
  it('is found by another copy of this package', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'revocast-copy-'));
    const copy = join(folder, 'admitted-request.ts');
    await copyFile(new URL('../../src/gate/admitted-request.ts', import.meta.url), copy);
    const elsewhere: unknown = await import(copy);
    await rm(folder, { recursive: true });
    const { admissionOf } = elsewhere as typeof here;
    expect(admissionOf).not.toBe(here.admissionOf);
    const request = {};
    const admission = { forwardErrors: true } as Admission;
    here.noteAdmission(request, admission);
    expect(admissionOf(request)).toBe(admission);
    expect(admissionOf({})).toBeUndefined();
  });

  it('adds only auth to the names of the request', () => {
    const request = {};
    const auth = {} as Auth;
    here.noteAdmission(request, { auth } as Admission);
    expect(Object.keys(request)).toEqual(['auth']);
  });
});
