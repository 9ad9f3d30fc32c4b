import { describe, expect, it, jest } from '@jest/globals';
import { sidecarOptions } from '../../src/config/options.ts';
import { printConfig, printOptions, printProblems } from '../../src/config/print.ts';
import { type ConfigSources, resolveConfig } from '../../src/config/resolve.ts';

interface Given {
  readonly argv?: readonly string[];
  readonly env?: ConfigSources['environment'];
  readonly yaml?: string;
  readonly files?: Readonly<Record<string, string>>;
}

const redis = { REVOCAST_SOURCE: 'redis://redis:6379' };

function resolve({ argv = [], env = redis, yaml, files = {} }: Given) {
  const all: Readonly<Record<string, string>> = {
    ...files,
    ...(yaml === undefined ? {} : { '/etc/revocast.yaml': yaml }),
  };
  return resolveConfig({
    argv,
    environment: env,
    readFile: (path) => {
      const text = all[path];
      if (text === undefined) throw Object.assign(new Error(), { code: 'ENOENT' });
      return text;
    },
    ...(yaml === undefined ? {} : { configFile: '/etc/revocast.yaml' }),
  });
}

function accepted(given: Given) {
  const resolved = resolve(given);
  if (!resolved.ok) throw new Error(printProblems(resolved.problems));
  return resolved;
}

function rejected(given: Given): string {
  const resolved = resolve(given);
  return resolved.ok ? 'accepted' : printProblems(resolved.problems);
}

describe('given a source and nothing else', () => {
  it('fills in every default', () => {
    expect(accepted({}).config).toEqual({
      source: 'redis://redis:6379',
      dangerouslyAllowHttp: false,
      dataListen: '127.0.0.1:7471',
      adminListen: '0.0.0.0:7472',
      allowedHosts: [],
      maxStalenessMs: 5000,
      whenUnknown: 'unavailable',
      startupMaxMs: 60_000,
      maxRules: 4_000_000,
      maxReaders: 1000,
      lastReleaseWire: 'on',
      clientClasses: [],
      drainMs: 15_000,
      logLevel: 'info',
    });
  });
});

describe('given a duration', () => {
  it.each<[string, Given, number]>([
    ['a flag with a unit', { argv: ['--drain-ms', '2s'] }, 2000],
    ['a flag with a bare number', { argv: ['--drain-ms=2000'] }, 2000],
    ['a variable with a unit', { env: { ...redis, REVOCAST_DRAIN_MS: '2m' } }, 120_000],
    ['a variable with a bare number', { env: { ...redis, REVOCAST_DRAIN_MS: '0' } }, 0],
    ['a file with a unit', { yaml: 'drainMs: 500ms' }, 500],
    ['a file with a bare number', { yaml: 'drainMs: 500' }, 500],
    ['a file with a bare number in quotes', { yaml: 'drainMs: "500"' }, 500],
  ])('reads milliseconds from %s', (_name, given, drainMs) => {
    expect(accepted(given).config.drainMs).toBe(drainMs);
  });

  it('reads again what it prints', () => {
    const printed = printConfig(accepted({ argv: ['--drain-ms=1500', '--max-staleness-ms=1m'] }), sidecarOptions);
    const { config } = accepted({ yaml: printed.replace(/^source.*$/m, '') });
    expect(config).toMatchObject({ drainMs: 1500, maxStalenessMs: 60_000, startupMaxMs: 60_000 });
  });
});

describe('given one option in several places', () => {
  const yaml = 'drainMs: 1\n';
  const env = { ...redis, REVOCAST_DRAIN_MS: '2' };
  const argv = ['--drain-ms', '3'];

  it.each([
    ['the default', {}, 15_000, 'default'],
    ['the file before the default', { yaml }, 1, '/etc/revocast.yaml'],
    ['the environment before the file', { yaml, env }, 2, 'REVOCAST_DRAIN_MS'],
    ['the flag before the environment', { yaml, env, argv }, 3, '--drain-ms'],
    ['the flag before the file', { yaml, argv }, 3, '--drain-ms'],
  ])('uses %s', (_name, given, drainMs, origin) => {
    const { config, origins } = accepted(given);
    expect(config.drainMs).toBe(drainMs);
    expect(origins.get('drainMs')).toBe(origin);
  });

  it('treats an empty variable as not set', () => {
    expect(accepted({ env: { ...redis, REVOCAST_DRAIN_MS: '' }, yaml }).config.drainMs).toBe(1);
  });
});

describe('given the notations of a value', () => {
  it('reads --flag=value, lists and an empty file', () => {
    const { config } = accepted({ argv: ['--drain-ms=0', '--allowed-hosts=a.example, b.example'], yaml: '' });
    expect(config.drainMs).toBe(0);
    expect(config.allowedHosts).toEqual(['a.example', 'b.example']);
  });

  it('reads a secret from the file of <name>File', () => {
    const files = { '/run/secrets/source': 'redis://:secret@redis:6379\n' };
    for (const given of [
      { argv: ['--source-file', '/run/secrets/source'], env: {} },
      { env: { REVOCAST_SOURCE_FILE: '/run/secrets/source' } },
      { yaml: 'sourceFile: /run/secrets/source', env: {} },
    ]) {
      expect(accepted({ ...given, files }).config.source).toBe('redis://:secret@redis:6379');
    }
  });

  it('prefers a flag with a file to a variable with a value', () => {
    const given = { argv: ['--source-file', '/s'], files: { '/s': 'memory:' } };
    expect(accepted(given).config.source).toBe('memory:');
    expect(accepted({ env: redis, yaml: 'sourceFile: /s', files: { '/s': 'memory:' } }).config.source).toBe(
      redis.REVOCAST_SOURCE,
    );
  });
});

describe('given a mistake', () => {
  const mistakes: [string, Given, string][] = [
    ['no source', { env: {} }, 'source: required: the URL of the revocation log'],
    [
      'a source of another kind',
      { env: { REVOCAST_SOURCE: 'kafka://x' } },
      'source (REVOCAST_SOURCE): expected a redis:',
    ],
    ['an unknown flag', { argv: ['--drain-m', '1'] }, '--drain-m: unknown option; did you mean --drain-ms?'],
    ['an unknown variable', { env: { ...redis, REVOCAST_DRAINMS: '1' } }, 'did you mean REVOCAST_DRAIN_MS?'],
    ['an unknown key', { yaml: 'drain_ms: 1' }, 'drain_ms (/etc/revocast.yaml): unknown option; did you mean drainMs?'],
    ['a key that resembles no option', { yaml: 'colour: red' }, 'colour (/etc/revocast.yaml): unknown option\n'],
    ['a flag without its value', { argv: ['--drain-ms'] }, 'drainMs (--drain-ms): needs a value'],
    ['a flag whose value is a flag', { argv: ['--source', '--drain-ms=1'] }, 'source (--source): needs a value'],
    ['a flag given twice', { argv: ['--drain-ms=1', '--drain-ms=2'] }, 'drainMs (--drain-ms): given twice'],
    ['a stray argument', { argv: ['--drain-ms=1', 'start'] }, 'argument 2: belongs to no option'],
    ['a mistyped switch', { argv: ['--print-confg'] }, 'did you mean --print-config?'],
    ['a secret given twice', { argv: ['--source=memory:', '--source-file=/x'] }, 'source (--source-file): given twice'],
    [
      'a secret file that does not exist',
      { argv: ['--source-file=/x'] },
      'source (--source-file): cannot read /x (ENOENT)',
    ],
    [
      'a word instead of a number',
      { argv: ['--drain-ms=soon'] },
      'drainMs (--drain-ms): expected a duration such as 500ms, 15s or 2m, where a number without a unit is milliseconds, from 0ms to 5m; found "soon"',
    ],
    [
      'a word instead of a count',
      { argv: ['--max-rules=many'] },
      'maxRules (--max-rules): expected a whole number from 1 to 100000000; found "many"',
    ],
    ['a string instead of a number in YAML', { yaml: 'maxRules: "5"' }, 'found "5"'],
    ['a fraction', { argv: ['--max-rules=1.5'] }, 'expected a whole number from 1 to 100000000; found 1.5'],
    ['a fraction of a duration', { yaml: 'drainMs: 1.5' }, 'from 0ms to 5m; found 1.5'],
    ['a duration with an unknown unit', { yaml: 'maxStalenessMs: 1w' }, 'from 2s to 1m; found "1w"'],
    [
      'a word that is not a choice',
      { argv: ['--when-unknown=maybe'] },
      'whenUnknown (--when-unknown): expected unavailable or accept; found "maybe"',
    ],
    [
      'a bind address with a host name',
      { argv: ['--data-listen=db.example:1'] },
      'dataListen (--data-listen): expected <ip>:<port>',
    ],
    ['a file without a mapping', { yaml: '- a' }, 'config (/etc/revocast.yaml): expected a mapping'],
    ['a file that is not YAML', { yaml: 'a: [' }, 'config (/etc/revocast.yaml): not YAML'],
    [
      'an address off loopback without a token',
      { argv: ['--data-listen=0.0.0.0:7471'] },
      'readTokenFile: needed because dataListen 0.0.0.0:7471',
    ],
  ];

  it.each(mistakes)('rejects %s', (_name, given, expected) => {
    expect(rejected(given)).toContain(expected);
  });

  it.each([
    ['drain-ms', ['0', '0s', '300000', '300s', '5m'], ['-1', '-1s', '300001', '300001ms', '301s', '6m']],
    ['max-staleness-ms', ['2000', '2s', '60000', '1m'], ['1999', '1999ms', '1s', '60001', '61s', '1h']],
    ['startup-max-ms', ['0', '1h', '60m'], ['3600001', '61m', '1d']],
  ])('rejects --%s outside its bounds in every unit, and accepts both bounds', (flag, inside, outside) => {
    for (const text of inside) expect(rejected({ argv: [`--${flag}=${text}`] })).toBe('accepted');
    for (const text of outside) {
      expect(rejected({ argv: [`--${flag}=${text}`] })).toContain('expected a duration such as 500ms, 15s or 2m');
    }
  });

  it.each([
    ['max-rules', 1, 100_000_000],
    ['max-readers', 1, 100_000],
  ])('rejects --%s below %d and above %d, and accepts both bounds', (flag, least, most) => {
    expect(rejected({ argv: [`--${flag}=${least}`] })).toBe('accepted');
    expect(rejected({ argv: [`--${flag}=${most}`] })).toBe('accepted');
    expect(rejected({ argv: [`--${flag}=${least - 1}`] })).toContain(
      `expected a whole number from ${least} to ${most}; found ${least - 1}`,
    );
    expect(rejected({ argv: [`--${flag}=${most + 1}`] })).toContain(
      `expected a whole number from ${least} to ${most}; found ${most + 1}`,
    );
  });

  it('reports every mistake at once', () => {
    expect(
      rejected({ yaml: 'colour: red\ndrainMs: -1', env: { REVOCAST_MAX_RULES: '0' } })
        .trim()
        .split('\n'),
    ).toHaveLength(4);
  });

  it('never prints a source, which may contain a password', () => {
    expect(rejected({ env: { REVOCAST_SOURCE: 'reddis://:hunter2@redis' } })).not.toContain('hunter2');
    expect(rejected({ argv: ['--sorce', 'redis://:hunter2@redis'] })).not.toContain('hunter2');
    expect(rejected({ argv: ['--sorce=redis://:hunter2@redis'] })).not.toContain('hunter2');
    expect(rejected({ yaml: 'source: "redis://:hunter2@redis', env: {} })).not.toContain('hunter2');
  });

  it.each([
    ['brackets', `source: ${'['.repeat(101)}`],
    ['lists', `${'- '.repeat(60)}a`],
    ['characters', `# ${'a'.repeat(65_536)}`],
  ])('does not parse a file with too many %s', (_, yaml) => {
    expect(rejected({ yaml })).toContain('expected at most 65536 characters, and at most 100 levels');
  });

  it('parses a file with as many brackets as it may have', () => {
    expect(rejected({ yaml: `source: ${'['.repeat(100)}${']'.repeat(100)}` })).not.toContain('levels');
  });

  it('prints no warning of the parser, which quotes the line', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      rejected({ yaml: 'source: &a: redis://:hunter2@redis', env: {} });
      expect(emitWarning.mock.calls).toEqual([]);
    } finally {
      emitWarning.mockRestore();
    }
  });
});

describe('given variables of other programs in the environment', () => {
  it('ignores those of an API process and those that Kubernetes sets for a Service', () => {
    const env = {
      ...redis,
      REVOCAST_FEED: 'unix:/run/x',
      REVOCAST_PORT: 'tcp://10.0.0.1:7471',
      REVOCAST_PORT_7471_TCP_ADDR: '10.0.0.1',
      REVOCAST_SIDECAR_SERVICE_HOST: '10.0.0.1',
      REVOCAST_SIDECAR_SERVICE_PORT_DATA: '7471',
    };
    expect(accepted({ env }).config.source).toBe(redis.REVOCAST_SOURCE);
  });
});

describe('given a listener off loopback', () => {
  it.each<[string, Given, boolean]>([
    ['a flag alone', { argv: ['--dangerously-allow-http'] }, true],
    ['a flag before another', { argv: ['--dangerously-allow-http', '--drain-ms', '0'] }, true],
    ['a flag with a value', { argv: ['--dangerously-allow-http=false'] }, false],
    ['a variable', { env: { ...redis, REVOCAST_DANGEROUSLY_ALLOW_HTTP: 'true' } }, true],
    ['a file', { yaml: 'dangerouslyAllowHttp: true' }, true],
    ['nothing', {}, false],
  ])('reads a boolean from %s', (_name, given, expected) => {
    expect(accepted(given).config.dangerouslyAllowHttp).toBe(expected);
  });

  it('rejects another word for a boolean', () => {
    const problem = 'dangerouslyAllowHttp (--dangerously-allow-http): expected true or false; found "yes"';
    expect(rejected({ argv: ['--dangerously-allow-http=yes'] })).toContain(problem);
  });

  it.each(['127.0.0.1:0', '[::1]:7471', 'localhost:7471', 'unix:/run/revocast/sidecar.sock'])(
    'requires no token on %s',
    (listen) => {
      expect(rejected({ argv: ['--data-listen', listen] })).toBe('accepted');
    },
  );

  it.each(['0.0.0.0:7471', '[::]:7471', '10.0.0.1:7471'])('requires a token on %s', (listen) => {
    expect(rejected({ argv: ['--data-listen', listen] })).toContain('readTokenFile: needed');
    expect(rejected({ argv: ['--data-listen', listen, '--token-file', '/t'] })).toBe('accepted');
  });
});

describe('printConfig', () => {
  it('prints each value with its origin, and masks the source', () => {
    const printed = printConfig(
      accepted({
        argv: ['--source=redis://:hunter2@redis:6379'],
        env: { REVOCAST_DRAIN_MS: '0' },
        yaml: 'maxRules: 9',
      }),
      sidecarOptions,
    );
    expect(printed).toMatch(/^source: redis:\*\*\* +# --source$/m);
    expect(printed).toMatch(/^drainMs: 0ms +# REVOCAST_DRAIN_MS$/m);
    expect(printed).toMatch(/^maxStalenessMs: 5s +# default$/m);
    expect(printed).toMatch(/^maxRules: 9 +# \/etc\/revocast.yaml$/m);
    expect(printed).toMatch(/^dataListen: "127.0.0.1:7471" +# default$/m);
    expect(printed).not.toContain('hunter2');
  });
});

describe('printOptions', () => {
  it('prints flag, variable, bounds and default of an option', () => {
    expect(printOptions(sidecarOptions)).toContain('--drain-ms <duration>');
    expect(printOptions(sidecarOptions)).toContain('(0ms–5m; default 15s; REVOCAST_DRAIN_MS)');
    expect(printOptions(sidecarOptions)).toContain('--source-file <string>');
  });
});
