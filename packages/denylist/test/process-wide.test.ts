import { describe, expect, it, jest } from '@jest/globals';
import { processWide } from '../src/process-wide.ts';

describe('what a process has once', () => {
  it('is made once', () => {
    const made = processWide('test.once.1', () => ({}));
    expect(processWide('test.once.1', () => ({}))).toBe(made);
    expect(processWide('test.once.2', () => ({}))).not.toBe(made);
  });

  it('is the same for a second copy of this package', async () => {
    const made = processWide('test.copies.1', () => ({}));
    jest.resetModules();
    const copy = await import('../src/process-wide.ts');
    expect(copy.processWide).not.toBe(processWide);
    expect(copy.processWide('test.copies.1', () => ({}))).toBe(made);
  });
});
