import { describe, expect, it } from '@jest/globals';
import { checkConfig } from '../../src/config/check-config.ts';

const source = 'memory:';
const mistakesOf = (input: Readonly<Record<string, unknown>>) => {
  const checked = checkConfig(input);
  return checked.ok ? [] : checked.mistakes.map(({ option, message }) => `${option}: ${message}`);
};

describe('the configuration', () => {
  it('treats a member that is undefined as absent, and null as a mistake', () => {
    expect(mistakesOf({ source, drainMs: undefined, stateFile: undefined })).toEqual([]);
    expect(mistakesOf({ source, stateFile: null })).toEqual(['stateFile: expected a path']);
    expect(mistakesOf({ source, logLevel: null })).toEqual(['logLevel: expected info or warn or error or silent']);
  });

  it('names an option that does not exist, also one of every object', () => {
    expect(mistakesOf({ source, colour: 'red' })).toEqual(['colour: unknown option']);
    expect(mistakesOf({ source, constructor: 1 })).toEqual(['constructor: unknown option']);
  });

  it.each<[Readonly<Record<string, unknown>>, string]>([
    [{ dataTlsKeyFile: '/k' }, 'dataTlsCertFile: needed beside dataTlsKeyFile'],
    [{ dataTlsCertFile: '/c' }, 'dataTlsKeyFile: needed beside dataTlsCertFile'],
    [{ dataTlsClientCaFile: '/a' }, 'dataTlsCertFile: needed beside dataTlsClientCaFile'],
    [
      { dataTlsCertFile: '/c', dataTlsKeyFile: '/k', dataListen: 'unix:/s' },
      'dataTlsCertFile: expected none with a Unix socket, which only this host can reach',
    ],
    [{ tokenFile: '/t', writeTokenFile: '/w' }, 'tokenFile: expected none beside writeTokenFile'],
  ])('rejects %j', (input, mistake) => {
    expect(mistakesOf({ source, ...input })).toEqual([mistake]);
  });

  it('is frozen, with every default', () => {
    const checked = checkConfig({ source });
    expect(checked).toMatchObject({ ok: true, config: { source, drainMs: 15_000, allowedHosts: [] } });
    expect(checked.ok && Object.isFrozen(checked.config)).toBe(true);
  });
});
