import { describe, expect, it } from '@jest/globals';
import { readCommandLine } from '../../src/commands/command-line.ts';
import { printHelp } from '../../src/commands/help.ts';
import { options } from '../../src/config/options.ts';

describe('readCommandLine', () => {
  it.each([
    ['', { name: 'run', argv: [] }],
    ['--source memory:', { name: 'run', argv: ['--source', 'memory:'] }],
    ['run --drain-ms=0', { name: 'run', argv: ['--drain-ms=0'] }],
    ['--config /etc/a.yaml --drain-ms 0', { name: 'run', argv: ['--drain-ms', '0'], configFile: '/etc/a.yaml' }],
    ['--drain-ms 0 --config=/etc/a.yaml', { name: 'run', argv: ['--drain-ms', '0'], configFile: '/etc/a.yaml' }],
    ['--print-config --drain-ms 0', { name: 'config print', argv: ['--drain-ms', '0'] }],
    ['init --source redis://r', { name: 'init', argv: ['--source', 'redis://r'] }],
    ['--source redis://r init', { name: 'init', argv: ['--source', 'redis://r'] }],
    [
      '--source=redis://r --log-level debug repair',
      { name: 'repair', argv: ['--source=redis://r', '--log-level', 'debug'] },
    ],
    ['--print-config run --drain-ms 0', { name: 'config print', argv: ['--drain-ms', '0'] }],
    ['--dangerously-allow-http init', { name: 'init', argv: ['--dangerously-allow-http'] }],
    ['config --drain-ms 0 validate', { name: 'config validate', argv: ['--drain-ms', '0'] }],
    ['--max 1s wait -- a init', { name: 'wait', maxMs: 1000, url: 'http://127.0.0.1:7472', program: ['a', 'init'] }],
    ['config validate', { name: 'config validate', argv: [] }],
    ['config print --drain-ms 0', { name: 'config print', argv: ['--drain-ms', '0'] }],
    ['config schema', { name: 'config schema' }],
    ['--help', { name: 'help' }],
    ['help', { name: 'help' }],
    ['init -h', { name: 'help' }],
    ['--version', { name: 'version' }],
    [
      'wait -- node app.js --help',
      { name: 'wait', maxMs: 30_000, url: 'http://127.0.0.1:7472', program: ['node', 'app.js', '--help'] },
    ],
    ['wait --help', { name: 'help' }],
    [
      'wait --max 1s -- a --config',
      { name: 'wait', maxMs: 1000, url: 'http://127.0.0.1:7472', program: ['a', '--config'] },
    ],
    ['wait --max 500ms --url=http://h:1 -- a', { name: 'wait', maxMs: 500, url: 'http://h:1', program: ['a'] }],
    ['wait --max=24h -- a', { name: 'wait', maxMs: 86_400_000, url: 'http://127.0.0.1:7472', program: ['a'] }],
    ['wait --max=2m -- a', { name: 'wait', maxMs: 120_000, url: 'http://127.0.0.1:7472', program: ['a'] }],
  ])('reads "%s"', (line, command) => {
    expect(readCommandLine(line.split(' ').filter((word) => word !== ''))).toEqual(command);
  });

  it('reads the file of REVOCAST_CONFIG unless there is a --config', () => {
    expect(readCommandLine([], '/a.yaml')).toMatchObject({ configFile: '/a.yaml' });
    expect(readCommandLine(['--config', '/b.yaml'], '/a.yaml')).toMatchObject({ configFile: '/b.yaml' });
    expect(readCommandLine([], '')).toEqual({ name: 'run', argv: [] });
  });

  it.each([
    ['config valdate', 'unknown command config valdate; did you mean config validate?'],
    ['--drain-ms 0 intit', 'did you mean init?'],
    ['intit', 'did you mean init?'],
    ['wat -- a', 'did you mean wait?'],
    ['--config', '--config needs the path of a file'],
    ['--config --drain-ms=1', '--config needs the path of a file'],
    ['wait', 'expected: wait'],
    ['wait --', 'expected: wait'],
    ['wait --min 3s -- a', 'expected: wait'],
    ['wait --max 30 -- a', '--max: expected a time with ms, s, m or h'],
    ['wait --max 25h -- a', 'at most 24h'],
    ['wait --url ftp://x -- a', '--url: expected the http URL'],
  ])('rejects "%s"', (line, message) => {
    expect(readCommandLine(line.split(' '))).toEqual({ name: 'mistake', message: expect.stringContaining(message) });
  });
});

describe('given a URL in the place of a command', () => {
  it('does not print it: it may contain a password', () => {
    expect(readCommandLine(['redis://:hunter2@redis'])).toEqual({ name: 'mistake', message: 'unknown command' });
  });
});

describe('printHelp', () => {
  it.each(['run', 'init', 'repair', 'raise-skew', 'config validate', 'config print', 'config schema', 'wait'])(
    'explains the command %s',
    (name) => {
      expect(printHelp()).toMatch(new RegExp(`^  ${name} `, 'm'));
    },
  );

  it('lists every option and its variable', () => {
    for (const { flag, environment } of options) {
      expect(printHelp()).toContain(`${flag} <`);
      expect(printHelp()).toContain(environment);
    }
  });
});
