import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as here from '../../src/express/request-state.ts';

describe('what protect() notes of a request', () => {
  it('is found by the guards of another copy of this package', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'revocast-copy-'));
    const copy = join(folder, 'request-state.ts');
    await copyFile(new URL('../../src/express/request-state.ts', import.meta.url), copy);
    const elsewhere: unknown = await import(copy);
    await rm(folder, { recursive: true });
    const { stateOf } = elsewhere as typeof here;
    expect(stateOf).not.toBe(here.stateOf);
    const request = {};
    const state = { forwardErrors: true } as here.RequestState;
    here.setState(request, state);
    expect(stateOf(request)).toBe(state);
    expect(stateOf({})).toBeUndefined();
  });

  it('shows on the request as auth alone', () => {
    const request = {};
    const auth = {} as NonNullable<here.RequestState['auth']>;
    here.setState(request, { auth } as here.RequestState);
    expect(Reflect.ownKeys(request)).toEqual(['auth']);
  });
});
