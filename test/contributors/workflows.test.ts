import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { exists, manifests, parseYaml, publishedWorkspaces, root, rootManifest, textOf } from './repository-files.ts';

interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes'?: number;
  readonly needs?: string;
  readonly permissions?: Permissions;
  readonly strategy?: { readonly 'fail-fast'?: boolean; readonly matrix: { readonly node: readonly string[] } };
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: Record<string, unknown> }[];
}
type Permissions = Readonly<Record<string, string>>;
interface Workflow {
  readonly on: Readonly<Record<string, { readonly tags?: readonly string[] } | null>>;
  readonly permissions?: Permissions;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = '.github/workflows';
const names = readdirSync(join(root, folder));
const workflowOf = (name: string): Workflow => parseYaml(`${folder}/${name}`) as Workflow;
const [ci, release] = [workflowOf('ci.yml'), workflowOf('release.yml')];
const commandsOf = ({ steps }: Job): string[] =>
  steps.flatMap(({ run }) => run?.trim().split('\n') ?? []).map((line) => line.trim());
const stepsOf = ({ jobs }: Workflow): Job['steps'][number][] => Object.values(jobs).flatMap(({ steps }) => steps);

/** Undefined, or why the command could not run in a checkout. */
function problemOf(command: string): string | undefined {
  const [program = '', first = '', second = ''] = command.split(' ');
  if (program === 'npm' && first === 'run') {
    return rootManifest.scripts?.[second] === undefined ? `package.json has no script ${second}` : undefined;
  }
  if (program === 'npm') return ['ci', 'pkg', 'publish'].includes(first) ? undefined : `npm ${first} is not expected`;
  if (program === 'node') return exists(first) ? undefined : `there is no file ${first}`;
  if (!exists(program)) return `there is no file ${program}`;
  return (statSync(join(root, program)).mode & 0o111) === 0 ? `${program} is not executable` : undefined;
}

describe.each(names)('the workflow %s', (name) => {
  const workflow = workflowOf(name);

  it('runs only commands that exist', () => {
    const commands = Object.values(workflow.jobs).flatMap(commandsOf);
    const problems = commands.map((command) => ({ command, problem: problemOf(command) }));
    expect(commands.length).toBeGreaterThan(0);
    expect(problems.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  it('may read the contents of the repository and nothing else, except the identity of the job that publishes', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const raised = Object.entries(workflow.jobs).filter(([, { permissions }]) => permissions !== undefined);
    const publishing = Object.entries(workflow.jobs).filter(([, job]) => commandsOf(job).join().includes('publish'));
    expect(raised.map(([job]) => job)).toEqual(publishing.map(([job]) => job));
    for (const [, { permissions }] of raised) expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  });

  it('uses actions by the full SHA of a commit, beside the version for people', () => {
    const used = textOf(`${folder}/${name}`).match(/uses: .+/g) ?? [];
    expect(used).toHaveLength(stepsOf(workflow).filter(({ uses }) => uses !== undefined).length);
    for (const line of used) expect(line).toMatch(/^uses: actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('leaves no credentials in the checkout, takes no secrets, and runs no text of a pull request', () => {
    const checkouts = stepsOf(workflow).filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const step of checkouts) expect(step.with).toMatchObject({ 'persist-credentials': false });
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
    expect(textOf(`${folder}/${name}`)).not.toMatch(/secrets\.|github\.event\b|github\.head_ref/);
  });

  it('ends a job that hangs', () => {
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

describe('CI', () => {
  const job = ci.jobs['ci'];
  const lines = job?.strategy?.matrix.node ?? [];

  it('runs .ci/run for every push to main and every pull request', () => {
    expect(Object.keys(ci.on).sort()).toEqual(['pull_request', 'push']);
    expect(job === undefined ? [] : commandsOf(job)).toEqual(['.ci/run']);
  });

  it('runs on the lowest version of Node that every package accepts, and on each even line up to 26', () => {
    const lowest = new Set([rootManifest, ...manifests.values()].flatMap(({ engines }) => engines?.node ?? []));
    expect([...lowest]).toEqual([`>=${lines[0]}`]);
    expect(lines.map((line) => Number(line.split('.')[0]))).toEqual([20, 22, 24, 26]);
    // Text: the number 20.10 would become 20.1.
    expect(lines.filter((line) => typeof line !== 'string')).toEqual([]);
  });

  it('lets each line of Node finish, and caches what npm downloads', () => {
    expect(job?.strategy?.['fail-fast']).toBe(false);
    const setup = job?.steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'));
    expect(setup?.with).toEqual({ 'node-version': `\${{ matrix.node }}`, cache: 'npm' });
  });
});

describe('the release', () => {
  const { check, publish } = release.jobs;

  it('starts for the tag of a version, and publishes after everything was checked', () => {
    expect(release.on).toEqual({ push: { tags: ['v[0-9]+.[0-9]+.[0-9]+'] } });
    expect(publish?.needs).toBe('check');
    expect(check === undefined ? [] : commandsOf(check)).toEqual([
      'node scripts/check-release.mjs "$GITHUB_REF_NAME"',
      '.ci/run',
    ]);
  });

  it('publishes every package that is not private, with provenance, after those that it depends on', () => {
    const command = commandsOf(publish ?? { 'runs-on': '', steps: [] }).find((line) => line.startsWith('npm publish'));
    const published = [...(command ?? '').matchAll(/--workspace (\S+)/g)].map(([, path]) => path ?? '');
    expect(command).toContain('npm publish --provenance --access public ');
    expect([...published].sort()).toEqual([...publishedWorkspaces].sort());
    const position = (name: string): number => published.findIndex((path) => manifests.get(path)?.name === name);
    const late = published.flatMap((path, index) => {
      const needed = Object.keys(manifests.get(path)?.dependencies ?? {});
      return needed.filter((name) => position(name) > index).map((name) => `${path} before ${name}`);
    });
    expect(late).toEqual([]);
  });

  it('names the repository in every package that it publishes', () => {
    const commands = commandsOf(publish ?? { 'runs-on': '', steps: [] });
    const options = (start: string) => commands.find((line) => line.startsWith(start))?.match(/--workspace \S+/g);
    expect(options('npm pkg set')).toEqual(options('npm publish'));
  });
});

describe('scripts/check-release.mjs', () => {
  const planted = mkdtempSync(join(tmpdir(), 'release-'));
  afterAll(() => rmSync(planted, { recursive: true }));

  function check(tag: string, versions: { denylist: string; dependency: string; changelog: string }) {
    const files = {
      'packages/denylist/package.json': { name: '@revocast/denylist', version: versions.denylist },
      'apps/cli/package.json': { version: '0.2.0', dependencies: { '@revocast/denylist': versions.dependency } },
      'apps/demo/package.json': { version: '0.1.0', private: true },
    };
    for (const [path, manifest] of Object.entries(files)) {
      mkdirSync(join(planted, path, '..'), { recursive: true });
      writeFileSync(join(planted, path), JSON.stringify(manifest));
    }
    writeFileSync(join(planted, 'CHANGELOG.md'), `# Changelog\n\n## [${versions.changelog}]\n`);
    const script = join(root, 'scripts/check-release.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, tag, planted], { encoding: 'utf8' });
    return { status, problems: stderr.trimEnd().split('\n') };
  }

  const ready = { denylist: '0.2.0', dependency: '0.2.0', changelog: '0.2.0' };

  it('accepts a tag that every version, every dependency between the packages and the changelog agree with', () => {
    expect(check('v0.2.0', ready)).toEqual({ status: 0, problems: [''] });
  });

  it.each([
    [{ denylist: '0.1.0' }, 'packages/denylist/package.json: version is 0.1.0, expected 0.2.0'],
    [{ dependency: '0.1.0' }, 'apps/cli/package.json: @revocast/denylist is 0.1.0, expected 0.2.0'],
    [{ changelog: 'Unreleased' }, 'CHANGELOG.md: no heading "## [0.2.0]"'],
  ])('refuses %j', (difference, problem) => {
    expect(check('v0.2.0', { ...ready, ...difference })).toEqual({ status: 1, problems: [problem] });
  });

  it('refuses what is not the tag of a version', () => {
    expect(check('0.2', ready)).toMatchObject({ status: 2 });
  });
});
