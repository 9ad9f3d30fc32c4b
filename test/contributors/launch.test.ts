import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exists, root, rootManifest, textOf } from './repository-files.ts';

interface Configuration {
  readonly name: string;
  readonly type: string;
  readonly request: string;
  readonly program: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly runtimeArgs?: readonly string[];
  readonly preLaunchTask?: string;
}

const { configurations }: { configurations: readonly Configuration[] } = JSON.parse(textOf('.vscode/launch.json'));
const pathOf = ({ program }: Configuration): string => program.replace(/^\$\{workspaceFolder\}\//, '');
const named = (start: string): Configuration => {
  const found = configurations.find(({ name }) => name.startsWith(start));
  if (found === undefined) throw new Error(`.vscode/launch.json has no configuration that starts with ${start}`);
  return found;
};

/** Runs the built program of a configuration that debugs its source. */
function runBuilt(configuration: Configuration, ...args: string[]) {
  const program = pathOf(configuration).replace('/src/', '/dist/').replace(/\.ts$/, '.js');
  return spawnSync(process.execPath, [join(root, program), ...args], { encoding: 'utf8' });
}

describe('.vscode/launch.json', () => {
  it('debugs a test, the sidecar, an API and the command line', () => {
    expect(configurations.map(pathOf)).toEqual([
      'node_modules/jest/bin/jest.js',
      'apps/sidecar/src/main.ts',
      'apps/demo/src/api/main.ts',
      'apps/cli/src/main.ts',
    ]);
  });

  it.each(configurations.map((configuration) => [configuration.name, configuration] as const))(
    '%s names a program and a script that exist',
    (_name, configuration) => {
      expect({ type: configuration.type, request: configuration.request }).toEqual({ type: 'node', request: 'launch' });
      expect(exists(pathOf(configuration))).toBe(true);
      const script = configuration.preLaunchTask?.replace(/^npm: /, '');
      if (script !== undefined) expect(Object.keys(rootManifest.scripts ?? {})).toContain(script);
      // The sources are found under this condition of `exports`; without it breakpoints in packages are not reached.
      const isSource = configuration.program.endsWith('.ts');
      expect(configuration.runtimeArgs?.includes('--conditions=revocast-source')).toBe(isSource);
    },
  );

  it('runs the open test file as npm test runs it', () => {
    const { args, runtimeArgs } = named('Test');
    expect(args?.slice(-2)).toEqual(['--runTestsByPath', `\${relativeFile}`]);
    for (const argument of runtimeArgs ?? []) expect(textOf('scripts/test.mjs')).toContain(`'${argument}'`);
    expect(runtimeArgs).toContain('--experimental-vm-modules');
  });

  it('starts the sidecar with options that it accepts', () => {
    const sidecar = named('Sidecar');
    const { status, stderr } = runBuilt(sidecar, 'config', 'validate', ...(sidecar.args ?? []));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('starts the API with variables that it reads, at the addresses of npm run dev', () => {
    const { env = {} } = named('Demo API');
    const source = textOf('apps/demo/src/api/main.ts');
    expect(Object.keys(env).filter((name) => !source.includes(`'${name}'`))).toEqual([]);
    const ports = Object.values(env).flatMap((value) => /^http:\/\/127\.0\.0\.1:(\d+)$/.exec(value)?.[1] ?? []);
    expect(ports).toHaveLength(2);
    for (const port of ports) expect(textOf('scripts/dev/ports.mjs')).toContain(`: ${port}`);
  });

  it('starts the command line with a command and options that it has', () => {
    const cli = named('Command line');
    const [command = '', ...options] = (cli.args ?? []).filter((argument) => /^(--)?[\w-]+$/.test(argument));
    const { stdout } = runBuilt(cli, command, '--help');
    expect(stdout).toContain(`revocast ${command}`);
    const known: readonly string[] = stdout.match(/--[\w-]+/g) ?? [];
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});
