import { describe, expect, it } from '@jest/globals';
import { manifests, rootManifest, textOf } from './repository-files.ts';

interface Rule {
  readonly description: string;
  readonly matchManagers?: readonly string[];
  readonly matchPackageNames?: readonly string[];
  readonly matchDepNames?: readonly string[];
  readonly matchDepTypes?: readonly string[];
  readonly allowedVersions?: string;
  readonly groupName?: string;
  readonly rangeStrategy?: string;
  readonly dependencyDashboardApproval?: boolean;
}
interface Renovate {
  readonly enabledManagers: readonly string[];
  readonly packageRules: readonly Rule[];
  readonly customManagers: readonly {
    readonly managerFilePatterns: readonly string[];
    readonly matchStrings: readonly string[];
    readonly depNameTemplate: string;
  }[];
}

const renovate: Renovate = JSON.parse(textOf('renovate.json'));
const all = [rootManifest, ...manifests.values()];
const declared = new Set(
  all.flatMap(({ dependencies, devDependencies, peerDependencies, overrides }) =>
    Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies, ...overrides }),
  ),
);
const images = new Set(
  [
    ...`${textOf('docker-compose.yml')}\n${textOf('docker/Dockerfile')}`.matchAll(/(?:image: |^FROM )([\w./-]+):/gm),
  ].map(([, name]) => name),
);
const dockerManagers = ['docker-compose', 'dockerfile'];
const isOfDocker = ({ matchManagers }: Rule): boolean =>
  matchManagers?.every((manager) => dockerManagers.includes(manager)) ?? false;
const ruleFor = (name: string, isMeant: (rule: Rule) => boolean = (rule) => !isOfDocker(rule)): Rule | undefined =>
  renovate.packageRules.find(
    (rule) => isMeant(rule) && [...(rule.matchPackageNames ?? []), ...(rule.matchDepNames ?? [])].includes(name),
  );
/** Renovate's only pattern in use here: `@scope/**`. */
const isDeclared = (name: string): boolean =>
  name.endsWith('/**') ? [...declared].some((other) => other.startsWith(name.slice(0, -2))) : declared.has(name);

describe('renovate.json', () => {
  it('says in every rule why', () => {
    expect(renovate.packageRules.filter(({ description }) => !description)).toEqual([]);
  });

  it('names only packages that a package.json has, and images that are used', () => {
    const unknown = renovate.packageRules.flatMap((rule) => {
      const names = [...(rule.matchPackageNames ?? []), ...(rule.matchDepNames ?? [])];
      // `engines` and the workflows have the name node.
      const isKnown = (name: string) => (isOfDocker(rule) ? images.has(name) : name === 'node' || isDeclared(name));
      return names.filter((name) => !isKnown(name));
    });
    expect(unknown).toEqual([]);
    expect([...images].filter((name) => ruleFor(name ?? '', isOfDocker) === undefined)).toEqual([]);
  });

  it('looks at manifests, workflows, images and the pattern for biome.json', () => {
    expect(renovate.enabledManagers).toEqual(['npm', 'github-actions', 'docker-compose', 'dockerfile', 'custom.regex']);
  });

  it('keeps dependencies exact, and widens the range of a peer only after an approval', () => {
    const pinned = renovate.packageRules.find(({ rangeStrategy }) => rangeStrategy === 'pin');
    expect(pinned?.matchDepTypes).toEqual(['dependencies', 'devDependencies', 'overrides']);
    const peers = renovate.packageRules.find(({ matchDepTypes }) => matchDepTypes?.includes('peerDependencies'));
    expect(peers).toMatchObject({ rangeStrategy: 'widen', dependencyDashboardApproval: true });
  });

  it('holds every version of `overrides` until it is approved', () => {
    const overrides = Object.keys(rootManifest.overrides ?? {});
    expect(overrides.length).toBeGreaterThan(0);
    const rules = overrides.map((name) => ({ name, approved: ruleFor(name)?.dependencyDashboardApproval }));
    expect(rules).toEqual(overrides.map((name) => ({ name, approved: true })));
  });

  it('keeps @types/node on the lowest supported line of Node', () => {
    const line = Number(/^>=(\d+)/.exec(rootManifest.engines?.node ?? '')?.[1]);
    expect(ruleFor('@types/node')?.allowedVersions).toBe(`<${line + 1}`);
    expect(rootManifest.devDependencies?.['@types/node']).toMatch(new RegExp(`^${line}\\.`));
  });

  it('keeps the alias express4 on version 4', () => {
    expect(ruleFor('express4')?.allowedVersions).toBe('<5');
    expect(rootManifest.devDependencies?.['express4']).toMatch(/^npm:express@4\./);
  });

  it('keeps the images on one line of Node', () => {
    const line = Number(/^FROM node:(\d+)\./m.exec(textOf('docker/Dockerfile'))?.[1]);
    expect(ruleFor('node', isOfDocker)?.allowedVersions).toBe(`<${line + 1}`);
  });

  it('raises the version in biome.json together with the package', () => {
    const [manager] = renovate.customManagers;
    expect(manager?.depNameTemplate).toBe('@biomejs/biome');
    expect(ruleFor('@biomejs/biome')).toMatchObject({ groupName: 'biome' });
    expect(ruleFor('@biomejs/biome')?.matchManagers).toBeUndefined();
    const found = new RegExp(manager?.matchStrings[0] ?? '').exec(textOf('biome.json'));
    expect(found?.groups?.['currentValue']).toBe(rootManifest.devDependencies?.['@biomejs/biome']);
    const pattern = new RegExp(manager?.managerFilePatterns[0]?.replace(/^\/|\/$/g, '') ?? '');
    expect(pattern.test('biome.json')).toBe(true);
  });
});

it('every dependency of the repository is an exact version', () => {
  const ranges = all.flatMap(({ name, dependencies, devDependencies, overrides }) =>
    Object.entries({ ...dependencies, ...devDependencies, ...overrides })
      .filter(([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/.test(version))
      .map(([dependency, version]) => `${name}: ${dependency} ${version}`),
  );
  expect(ranges).toEqual([]);
});
